-- Ended trades by the weekday (0 is Monday) and hour (UTC) in which they began, of each model and, where `model` is NULL, of all: how many, how many won, and their P&L, fees and
-- funding (paid is positive), USD.
CREATE VIEW api_trade_hours AS
SELECT
    model,
    weekday,
    hour,
    count(*) AS trades,
    count(*) FILTER (WHERE pnl > 0) AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM (
    SELECT *, ((entry_ms / 86400000 + 3) % 7)::int AS weekday, (entry_ms / 3600000 % 24)::int AS hour FROM trades WHERE status <> 'OPEN' AND model NOT LIKE '%#%'
) t
GROUP BY GROUPING SETS ((model, weekday, hour), (weekday, hour));
