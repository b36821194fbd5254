-- Brings the sums of one day (UTC) in line with the decisions recorded in it. Where decisions of the day are no longer
-- kept, the sums stay as they are.
CREATE FUNCTION refresh_decision_day(of_model text, of_day_ms bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO decision_days
    SELECT of_model, of_day_ms, count(*), coalesce(sum((usage ->> 'prompt_tokens')::bigint), 0),
        coalesce(sum((usage ->> 'completion_tokens')::bigint), 0), coalesce(sum(cost_usd), 0),
        coalesce(sum(latency_ms), 0), count(latency_ms)
    FROM ai_decisions WHERE model = of_model AND time_ms >= of_day_ms AND time_ms < of_day_ms + 86400000
    ON CONFLICT (model, day_ms) DO UPDATE SET decisions = excluded.decisions,
        prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
        cost_usd = excluded.cost_usd, latency_ms = excluded.latency_ms, latencies = excluded.latencies
    WHERE excluded.decisions >= decision_days.decisions
$$;
