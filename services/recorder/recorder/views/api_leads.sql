-- Where each contender stood at each hour's last states, by its growth, and when that was: the end of the hour, or the
-- last state while the hour runs. Who is ahead among those of the roster follows from it. In an hour without a state a
-- contender stands where it stood before.
CREATE VIEW api_leads AS
WITH grid AS (
    SELECT
        h.hour_ms,
        m.model,
        e.growth,
        count(e.growth) OVER (PARTITION BY m.model ORDER BY h.hour_ms) AS recorded
    FROM (SELECT DISTINCT hour_ms FROM equity_hours WHERE model NOT LIKE '%#%') h
    CROSS JOIN (SELECT model FROM accounts WHERE model NOT LIKE '%#%') m
    LEFT JOIN equity_hours e USING (hour_ms, model)
), standings AS (
    SELECT hour_ms, model, max(growth) OVER (PARTITION BY model, recorded) AS growth FROM grid WHERE recorded > 0
)
SELECT hour_ms, model, growth, least(hour_ms + 3600000, newest_ms) AS time_ms, hour_ms + 3600000 <= newest_ms AS is_over
FROM standings
CROSS JOIN (SELECT max(last_ms) AS newest_ms FROM equity_hours) n;
