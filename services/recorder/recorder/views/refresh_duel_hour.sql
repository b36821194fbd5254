-- Brings the sums of one hour in line with the decisions recorded in it and their results. Two answers agree when
-- they have the same action, and but for a HOLD the same coin. Of two contenders the one with the better result was
-- right; a HOLD, and a decision that was denied, came to 0. Where another recorder has just written the same sums, the
-- later one's stay.
CREATE FUNCTION refresh_duel_hour(of_hour_ms bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM duel_hours WHERE hour_ms = of_hour_ms;
    DELETE FROM result_hours WHERE hour_ms = of_hour_ms;
    INSERT INTO result_hours (hour_ms, model, minutes, results, results_right, result_percent)
    SELECT of_hour_ms, model, minutes, count(*), count(*) FILTER (WHERE result_percent > 0), sum(result_percent)
    FROM decision_results
    WHERE time_ms >= of_hour_ms AND time_ms < of_hour_ms + 3600000 AND result_percent IS NOT NULL
    GROUP BY model, minutes
    ON CONFLICT (hour_ms, model, minutes) DO UPDATE SET
        results = excluded.results,
        results_right = excluded.results_right,
        result_percent = excluded.result_percent;
    INSERT INTO duel_hours (
        hour_ms, model, rival, minutes, cycles, agreed, acted, acted_agreed, known, model_right, rival_right
    )
    WITH answers AS MATERIALIZED (
        SELECT
            id,
            model,
            cycle_id,
            action <> 'HOLD' AS acts,
            CASE WHEN action = 'HOLD' THEN action ELSE action || ' ' || symbol END AS answer,
            CASE WHEN action = 'HOLD' OR verdict = 'DENIED' THEN 0 END AS nothing
        FROM ai_decisions
        WHERE time_ms >= of_hour_ms AND time_ms < of_hour_ms + 3600000 AND outcome = 'answered'
    ), pairs AS (
        SELECT
            a.model,
            b.model AS rival,
            h.minutes,
            a.answer = b.answer AS agreed,
            a.acts OR b.acts AS acted,
            coalesce(a.nothing, x.result_percent) AS model_result,
            coalesce(b.nothing, y.result_percent) AS rival_result
        FROM answers a
        JOIN answers b ON b.cycle_id = a.cycle_id AND b.model COLLATE "C" > a.model
        CROSS JOIN result_horizons h
        LEFT JOIN decision_results x ON x.decision_id = a.id AND x.minutes = h.minutes
        LEFT JOIN decision_results y ON y.decision_id = b.id AND y.minutes = h.minutes
    )
    SELECT
        of_hour_ms,
        model,
        rival,
        minutes,
        count(*),
        count(*) FILTER (WHERE agreed),
        count(*) FILTER (WHERE acted),
        count(*) FILTER (WHERE acted AND agreed),
        count(*) FILTER (WHERE acted AND model_result IS NOT NULL AND rival_result IS NOT NULL),
        count(*) FILTER (WHERE model_result > rival_result),
        count(*) FILTER (WHERE rival_result > model_result)
    FROM pairs
    GROUP BY model, rival, minutes
    ON CONFLICT (hour_ms, model, rival, minutes) DO UPDATE SET
        cycles = excluded.cycles,
        agreed = excluded.agreed,
        acted = excluded.acted,
        acted_agreed = excluded.acted_agreed,
        known = excluded.known,
        model_right = excluded.model_right,
        rival_right = excluded.rival_right
$$;
