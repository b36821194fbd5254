-- Brings the results of these decisions in line with their verdicts and with the recorded prices. A decision that is
-- denied, or changes nothing, has none. A result that is known stays where its prices are no longer kept.
CREATE FUNCTION refresh_results(of_decisions text[], taker_fee numeric) RETURNS void LANGUAGE sql AS $$
    DELETE FROM decision_results r WHERE r.decision_id = ANY(of_decisions) AND NOT EXISTS (
        SELECT FROM ai_decisions d JOIN verdicts v ON v.decision_id = d.id
        WHERE d.id = r.decision_id AND d.verdict = 'APPROVED'
            AND v.verdict = 'APPROVED' AND v.intent_kind IN ('entry', 'exit')
    );
    INSERT INTO decision_results (decision_id, minutes, model, time_ms, result_percent)
    SELECT d.id, h.minutes, d.model, d.time_ms, decision_result(
        v.symbol,
        CASE WHEN v.intent ->> 'side' = 'BUY' THEN 1 ELSE -1 END,
        v.intent_kind = 'entry',
        d.time_ms,
        h.minutes,
        taker_fee
    )
    FROM ai_decisions d
    JOIN verdicts v ON v.decision_id = d.id AND v.verdict = 'APPROVED' AND v.intent_kind IN ('entry', 'exit')
    CROSS JOIN result_horizons h
    WHERE d.id = ANY(of_decisions) AND d.verdict = 'APPROVED'
    ON CONFLICT (decision_id, minutes) DO UPDATE SET model = excluded.model, time_ms = excluded.time_ms,
        result_percent = coalesce(excluded.result_percent, decision_results.result_percent)
$$;
