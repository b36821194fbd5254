-- Ended trades by the day (UTC) on which they ended, of each model and, where `model` is NULL, of all: how many, how many won, and their P&L, fees and
-- funding (paid is positive), USD.
CREATE VIEW api_trade_days AS
SELECT
    model,
    day_ms,
    count(*) AS trades,
    count(*) FILTER (WHERE pnl > 0) AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM (
    SELECT *, exit_ms / 86400000 * 86400000 AS day_ms FROM trades WHERE status <> 'OPEN' AND model NOT LIKE '%#%'
) t
GROUP BY GROUPING SETS ((model, day_ms), (day_ms));
