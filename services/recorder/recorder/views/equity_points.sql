-- Points of a chart between two times, oldest first: of each of at most `buckets` spans the lowest and the highest
-- equity, and the newest one. Spans of an hour and more are read from equity_hours, so that a year costs no more than
-- three days; so is a time that begins before the oldest account state that is kept.
-- `growth` is the time-weighted growth at the point. In an hour it is that of its last state, and proportional to the
-- equity: in an hour in which money was moved, or all was lost or taken out, only its last point has a growth. Of such
-- hours a span has one last point more.
CREATE FUNCTION equity_points(
    of_model text, since_ms bigint, buckets integer, until_ms bigint DEFAULT 9223372036854775807
)
    RETURNS TABLE (time_ms bigint, equity numeric, growth numeric) LANGUAGE plpgsql STABLE AS $$
DECLARE
    kept_ms bigint;
    first_ms bigint;
    newest_ms bigint;
    step_ms bigint;
BEGIN
    SELECT min(s.time_ms), max(s.time_ms) INTO kept_ms, newest_ms FROM account_snapshots s
    WHERE s.model = of_model AND s.time_ms >= since_ms AND s.time_ms <= until_ms;
    SELECT least(kept_ms, min(p.t)) INTO first_ms FROM (
        SELECT e.* FROM equity_hours e
        WHERE e.model = of_model AND e.hour_ms > since_ms - 3600000 ORDER BY e.hour_ms LIMIT 2
    ) h CROSS JOIN unnest(ARRAY[h.low_ms, h.high_ms, h.last_ms]) p (t) WHERE p.t >= since_ms AND p.t <= until_ms;
    SELECT greatest(newest_ms, max(h.last_ms)) INTO newest_ms FROM (
        SELECT e.last_ms FROM equity_hours e
        WHERE e.model = of_model AND e.hour_ms > since_ms - 3600000 AND e.hour_ms <= until_ms AND e.last_ms <= until_ms
        ORDER BY e.hour_ms DESC LIMIT 1
    ) h WHERE h.last_ms >= since_ms;
    step_ms := greatest(1, (newest_ms - first_ms) / greatest(1, buckets) + 1);
    IF step_ms < 3600000 AND first_ms IS NOT DISTINCT FROM kept_ms THEN
        RETURN QUERY
        WITH b AS (
            SELECT s.time_ms AS t, s.equity AS e, s.growth AS g, (s.time_ms - first_ms) / step_ms AS bucket
            FROM account_snapshots s WHERE s.model = of_model AND s.time_ms >= since_ms AND s.time_ms <= until_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, e, g FROM b ORDER BY bucket, e, t)
            UNION (SELECT DISTINCT ON (bucket) t, e, g FROM b ORDER BY bucket, e DESC, t)
            UNION (SELECT t, e, g FROM b WHERE t = newest_ms)
        ) SELECT t, e, g FROM kept ORDER BY t;
    ELSE
        step_ms := (step_ms + 3599999) / 3600000 * 3600000;
        RETURN QUERY
        WITH b AS (
            SELECT h.*, h.hour_ms / step_ms AS bucket,
                CASE WHEN h.transfers = h.transfers_before AND h.last >= 0.01
                    THEN h.growth / h.last END AS growth_per_usd
            FROM (
                SELECT e.*, lag(e.transfers, 1, 0) OVER (ORDER BY e.hour_ms) AS transfers_before FROM equity_hours e
                WHERE e.model = of_model AND e.hour_ms >= coalesce((
                    SELECT max(p.hour_ms) FROM equity_hours p
                    WHERE p.model = of_model AND p.hour_ms <= since_ms - 3600000
                ), 0)
            ) h WHERE h.hour_ms > since_ms - 3600000 AND h.hour_ms <= until_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) low_ms AS t, low AS e, b.* FROM b ORDER BY bucket, low, low_ms)
            UNION (SELECT DISTINCT ON (bucket) high_ms, high, b.* FROM b ORDER BY bucket, high DESC, high_ms)
            UNION (SELECT DISTINCT ON (bucket) last_ms, last, b.* FROM b WHERE growth_per_usd IS NULL
                ORDER BY bucket, hour_ms DESC)
            UNION (SELECT b.last_ms, b.last, b.* FROM b WHERE b.last_ms = newest_ms)
        )
        SELECT t, e, CASE t WHEN k.last_ms THEN k.growth ELSE greatest(0, e) * k.growth_per_usd END
        FROM kept k WHERE t >= since_ms AND t <= until_ms ORDER BY t;
    END IF;
END
$$;
