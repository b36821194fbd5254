-- Who was ahead at each hour's last states: the contender with the highest growth, no one when two share it. In an hour
-- without a state a contender stands where it stood before.
CREATE VIEW hour_leaders AS
WITH grid AS (
    SELECT
        h.hour_ms,
        m.model,
        e.growth,
        count(e.growth) OVER (PARTITION BY m.model ORDER BY h.hour_ms) AS recorded
    FROM (SELECT DISTINCT hour_ms FROM equity_hours WHERE model NOT LIKE '%#%') h
    CROSS JOIN (SELECT model FROM accounts WHERE model NOT LIKE '%#%') m
    LEFT JOIN equity_hours e USING (hour_ms, model)
), standing AS (
    SELECT hour_ms, model, max(growth) OVER (PARTITION BY model, recorded) AS growth FROM grid WHERE recorded > 0
), best AS (
    SELECT
        hour_ms,
        (array_agg(model ORDER BY growth DESC))[1] AS model,
        (array_agg(growth ORDER BY growth DESC))[1:2] AS growths
    FROM standing GROUP BY hour_ms
)
SELECT hour_ms, CASE WHEN growths[1] > growths[2] THEN model END AS model
FROM best WHERE cardinality(growths) = 2;
