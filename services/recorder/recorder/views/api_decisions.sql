-- Each answer of a model with risk's verdict on it; the texts of the prompt are read from the table by id.
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
    coalesce(refused_answers, '[]') AS refused_answers
FROM ai_decisions
WHERE model NOT LIKE '%#%';
