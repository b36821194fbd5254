-- Ended trades by result, of each model and, where `model` is NULL, of all: how many, how many won, and their P&L, fees and
-- funding (paid is positive), USD.
-- Steps of 5 percent of the initial margin; the first and the last one hold everything beyond. Without those whose
-- leverage is not known.
CREATE VIEW api_trade_histogram AS
SELECT
    model,
    from_percent,
    count(*) AS trades,
    count(*) FILTER (WHERE pnl > 0) AS trades_won,
    wire(sum(pnl)) AS pnl,
    wire(sum(fees)) AS fees,
    wire(sum(funding)) AS funding
FROM (
    SELECT *, 5 * greatest(-10, least(9, floor(pnl_percent / 5)))::int AS from_percent FROM trades WHERE pnl_percent IS NOT NULL AND model NOT LIKE '%#%'
) t
GROUP BY GROUPING SETS ((model, from_percent), (from_percent));
