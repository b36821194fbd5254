-- Ended trades by coin, of each model and, where `model` is NULL, of all: the sums of trade_coins, which the recorder
-- keeps in model_statistics.
CREATE VIEW api_trade_coins AS
SELECT
    model,
    symbol,
    sum(trades)::bigint AS trades,
    sum(trades_won)::bigint AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM model_statistics
CROSS JOIN LATERAL jsonb_to_recordset(coin_results)
    c (symbol text, trades bigint, trades_won bigint, pnl numeric, fees numeric, funding numeric)
WHERE model NOT LIKE '%#%'
GROUP BY GROUPING SETS ((model, symbol), (symbol));
