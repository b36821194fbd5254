-- What OPERATIONS and the CSV files read.
CREATE VIEW api_alerts AS SELECT id, code, severity, service, model, message, time_ms FROM alerts;

CREATE VIEW api_equity AS
SELECT model, time_ms, wire(equity) AS equity, wire(balance) AS balance, wire(available_balance) AS available_balance,
    wire(margin_used) AS margin_used, wire(unrealized_pnl) AS unrealized_pnl, wire(margin_ratio) AS margin_ratio,
    wire(transfers) AS transfers
FROM account_snapshots;

-- As before, but a name of a column no longer stands for the newest time.
CREATE OR REPLACE FUNCTION equity_points(of_model text, since_ms bigint, buckets integer)
    RETURNS TABLE (time_ms bigint, equity numeric) LANGUAGE plpgsql STABLE AS $$
DECLARE
    first_ms bigint;
    newest_ms bigint;
    step_ms bigint;
BEGIN
    SELECT min(s.time_ms), max(s.time_ms) INTO first_ms, newest_ms FROM account_snapshots s
    WHERE s.model = of_model AND s.time_ms >= since_ms;
    step_ms := greatest(1, (newest_ms - first_ms) / greatest(1, buckets) + 1);
    IF step_ms < 3600000 THEN
        RETURN QUERY
        WITH b AS (
            SELECT s.time_ms AS t, s.equity AS e, (s.time_ms - first_ms) / step_ms AS bucket FROM account_snapshots s
            WHERE s.model = of_model AND s.time_ms >= since_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e, t)
            UNION (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e DESC, t)
            UNION (SELECT t, e FROM b WHERE t = newest_ms)
        ) SELECT t, e FROM kept ORDER BY t;
    ELSE
        step_ms := (step_ms + 3599999) / 3600000 * 3600000;
        RETURN QUERY
        WITH b AS (
            SELECT h.*, h.hour_ms / step_ms AS bucket FROM equity_hours h
            WHERE h.model = of_model AND h.hour_ms > since_ms - 3600000
        ), kept AS (
            (SELECT DISTINCT ON (bucket) low_ms AS t, low AS e FROM b ORDER BY bucket, low, low_ms)
            UNION (SELECT DISTINCT ON (bucket) high_ms, high FROM b ORDER BY bucket, high DESC, high_ms)
            UNION (SELECT b.last_ms, b.last FROM b WHERE b.last_ms = newest_ms)
        ) SELECT t, e FROM kept WHERE t >= since_ms ORDER BY t;
    END IF;
END
$$;
