-- Ended trades of each model and, where `model` is NULL, of all, each time in one of three groups: by the day (UTC) on
-- which they ended, by the weekday (0 is Monday) and hour (UTC) in which they began, and by their result: steps of 5
-- percent of the initial margin, of which the first and the last one hold everything beyond, without trades whose
-- leverage is not known. How many there were, how many won, and their P&L, fees and funding (paid is positive), USD.
CREATE VIEW api_trade_groups AS
SELECT
    CASE WHEN grouping(day_ms) = 0 THEN 'days' WHEN grouping(hour) = 0 THEN 'hours' ELSE 'histogram' END AS kind,
    model,
    day_ms,
    weekday,
    hour,
    from_percent,
    count(*) AS trades,
    count(*) FILTER (WHERE pnl > 0) AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM (
    SELECT
        *,
        exit_ms / 86400000 * 86400000 AS day_ms,
        ((entry_ms / 86400000 + 3) % 7)::int AS weekday,
        (entry_ms / 3600000 % 24)::int AS hour,
        CASE WHEN pnl_percent IS NOT NULL THEN 5 * greatest(-10, least(9, floor(pnl_percent / 5)))::int END
            AS from_percent
    FROM trades WHERE status <> 'OPEN' AND model NOT LIKE '%#%'
) t
GROUP BY GROUPING SETS (
    (model, day_ms), (day_ms), (model, weekday, hour), (weekday, hour), (model, from_percent), (from_percent)
)
HAVING grouping(from_percent) = 1 OR from_percent IS NOT NULL;
