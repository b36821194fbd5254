-- Ended trades by the confidence that their decision stated, in steps of ten (100 counts to the last): how many there
-- were, how many ended with P&L > 0 after fees and funding, and the mean stated confidence. One array a model.
CREATE VIEW trade_calibration AS
SELECT model, jsonb_agg(to_jsonb(b) - 'model' ORDER BY from_percent) AS calibration
FROM (
    SELECT
        model,
        least(90, floor(confidence / 10) * 10)::integer AS from_percent,
        count(*) AS trades,
        count(*) FILTER (WHERE pnl > 0) AS trades_won,
        wire(avg(confidence)) AS average_confidence
    FROM trades
    WHERE status <> 'OPEN' AND confidence IS NOT NULL
    GROUP BY 1, 2
) b
GROUP BY model;
