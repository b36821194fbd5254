-- The lead's changes: from the end of the hour in which a contender was first found ahead (or the last state, while the
-- hour runs) until another one was. A tie leaves the lead where it is.
CREATE VIEW api_leads AS
SELECT
    model,
    least(hour_ms + 3600000, newest_ms) AS since_ms,
    lead(least(hour_ms + 3600000, newest_ms)) OVER (ORDER BY hour_ms) AS until_ms
FROM (
    SELECT hour_ms, model, lag(model) OVER (ORDER BY hour_ms) AS model_before FROM hour_leaders WHERE model IS NOT NULL
) l
CROSS JOIN (SELECT max(last_ms) AS newest_ms FROM equity_hours) n
WHERE model_before IS DISTINCT FROM model;
