-- Each answer of a model with risk's verdict on it: how many rules were judged, and those that failed. The texts of the
-- prompt are read from the table by id.
CREATE VIEW api_decisions AS
SELECT
    id,
    model,
    cycle_id,
    time_ms,
    outcome,
    action,
    symbol,
    leverage,
    wire(position_size_percent) AS position_size_percent,
    wire(confidence) AS confidence,
    reasoning,
    executed,
    coalesce(verdict, 'NONE') AS verdict,
    denial_code,
    failure_code,
    failure_reason,
    latency_ms,
    provider_model,
    stand_in,
    leniencies,
    coalesce(refused_answers, '[]') AS refused_answers,
    coalesce(v.rules_judged, 0) AS rules_judged,
    coalesce(v.failed_rules, '[]') AS failed_rules
FROM ai_decisions d
LEFT JOIN LATERAL (
    SELECT
        jsonb_array_length(rules) AS rules_judged,
        jsonb_path_query_array(rules, '$[*] ? (@.passed == false)') AS failed_rules
    FROM verdicts
    WHERE decision_id = d.id AND intent_kind <> 'invalidation'
    ORDER BY denial_code = 'VOID' DESC NULLS LAST
    LIMIT 1
) v ON true
WHERE model NOT LIKE '%#%';
