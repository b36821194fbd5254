-- Each contender's ended trades by coin: an array, see trade_coins.
CREATE VIEW api_coin_results AS
SELECT model, coalesce(coin_results, '[]') AS coins FROM model_statistics WHERE model NOT LIKE '%#%';
