-- Where each contender stood at each hour's last states, and when that was: the end of the hour, or the last state while
-- the hour runs.
CREATE VIEW api_leads AS
SELECT hour_ms, model, growth, least(hour_ms + 3600000, newest_ms) AS time_ms, hour_ms + 3600000 <= newest_ms AS is_over
FROM hour_leaders
CROSS JOIN (SELECT max(last_ms) AS newest_ms FROM equity_hours) n;
