-- Points of a chart between two times, oldest first: of each of at most `buckets` spans the deepest drawdown (a
-- fraction of the peak before it, 0 or more). Spans of an hour and more are read from equity_hours; so is a time that
-- begins before the oldest account state that is kept.
CREATE FUNCTION drawdown_points(
    of_model text, since_ms bigint, buckets integer, until_ms bigint DEFAULT 9223372036854775807
)
    RETURNS TABLE (time_ms bigint, drawdown numeric) LANGUAGE plpgsql STABLE AS $$
DECLARE
    kept_ms bigint;
    first_ms bigint;
    last_ms bigint;
    step_ms bigint;
BEGIN
    SELECT min(s.time_ms), max(s.time_ms) INTO kept_ms, last_ms FROM account_snapshots s
    WHERE s.model = of_model AND s.time_ms >= since_ms AND s.time_ms <= until_ms;
    SELECT least(kept_ms, min(h.drawdown_ms)) INTO first_ms FROM (
        SELECT e.drawdown_ms FROM equity_hours e
        WHERE e.model = of_model AND e.hour_ms > since_ms - 3600000 ORDER BY e.hour_ms LIMIT 2
    ) h WHERE h.drawdown_ms >= since_ms AND h.drawdown_ms <= until_ms;
    SELECT greatest(last_ms, max(h.drawdown_ms)) INTO last_ms FROM (
        SELECT e.drawdown_ms FROM equity_hours e
        WHERE e.model = of_model AND e.hour_ms > since_ms - 3600000 AND e.hour_ms <= until_ms
            AND e.drawdown_ms <= until_ms
        ORDER BY e.hour_ms DESC LIMIT 1
    ) h WHERE h.drawdown_ms >= since_ms;
    step_ms := greatest(1, (last_ms - first_ms) / greatest(1, buckets) + 1);
    IF step_ms < 3600000 AND first_ms IS NOT DISTINCT FROM kept_ms THEN
        RETURN QUERY
        WITH b AS (
            SELECT s.time_ms AS t, drawdown(s.growth, s.peak_growth) AS d,
                (s.time_ms - first_ms) / step_ms AS bucket
            FROM account_snapshots s
            WHERE s.model = of_model AND s.time_ms >= since_ms AND s.time_ms <= until_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, d FROM b ORDER BY bucket, d DESC, t)
            UNION (SELECT t, d FROM b WHERE t IN (first_ms, last_ms))
        ) SELECT t, d FROM kept ORDER BY t;
    ELSE
        step_ms := (step_ms + 3599999) / 3600000 * 3600000;
        RETURN QUERY
        WITH b AS (
            SELECT h.drawdown_ms AS t, h.drawdown AS d, h.hour_ms / step_ms AS bucket FROM equity_hours h
            WHERE h.model = of_model AND h.hour_ms > since_ms - 3600000 AND h.drawdown_ms >= since_ms
                AND h.drawdown_ms <= until_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, d FROM b ORDER BY bucket, d DESC, t)
            UNION (SELECT s.time_ms, drawdown(s.growth, s.peak_growth) FROM account_snapshots s
                WHERE s.model = of_model AND s.time_ms IN (first_ms, last_ms))
            UNION (SELECT t, d FROM b WHERE t IN (first_ms, last_ms))
        ) SELECT t, d FROM kept ORDER BY t;
    END IF;
END
$$;
