-- Ended trades by coin: how many there were, how many ended with P&L > 0, and their sums, USD; paid is positive. One
-- array a model.
CREATE VIEW trade_coins AS
SELECT model, jsonb_agg(to_jsonb(c) - 'model' ORDER BY symbol) AS coin_results
FROM (
    SELECT
        model,
        symbol,
        count(*) AS trades,
        count(*) FILTER (WHERE pnl > 0) AS trades_won,
        wire(sum(pnl)) AS pnl,
        wire(sum(fees)) AS fees,
        wire(sum(funding)) AS funding
    FROM trades
    WHERE status <> 'OPEN'
    GROUP BY 1, 2
) c
GROUP BY model;
