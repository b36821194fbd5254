-- Ended trades by coin, of each model and, where `model` is NULL, of all: how many, how many won, and their P&L, fees and
-- funding (paid is positive), USD.
CREATE VIEW api_trade_coins AS
SELECT
    model,
    symbol,
    count(*) AS trades,
    count(*) FILTER (WHERE pnl > 0) AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM (
    SELECT * FROM trades WHERE status <> 'OPEN' AND model NOT LIKE '%#%'
) t
GROUP BY GROUPING SETS ((model, symbol), (symbol));
