-- Brings the sums of one day (UTC) in line with the decisions recorded in it.
CREATE FUNCTION refresh_decision_day(of_model text, of_day_ms bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO decision_days
    SELECT of_model, of_day_ms, count(*), coalesce(sum((usage ->> 'prompt_tokens')::bigint), 0),
        coalesce(sum((usage ->> 'completion_tokens')::bigint), 0), coalesce(sum(cost_usd), 0),
        coalesce(sum(latency_ms), 0), count(latency_ms)
    FROM ai_decisions WHERE model = of_model AND time_ms >= of_day_ms AND time_ms < of_day_ms + 86400000
    ON CONFLICT (model, day_ms) DO UPDATE SET decisions = excluded.decisions,
        prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
        cost_usd = excluded.cost_usd, latency_ms = excluded.latency_ms, latencies = excluded.latencies
$$;
