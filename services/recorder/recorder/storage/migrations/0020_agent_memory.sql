-- What a contender is reminded of beside its trades and denials (see projections/agent_memory.py).

-- Answers of a cycle that were no decision, oldest first, as in the event; NULL where every answer was one. What the
-- parser read over in the decision.
ALTER TABLE ai_decisions
    ADD COLUMN refused_answers jsonb,
    ADD COLUMN leniencies text[] NOT NULL DEFAULT '{}';
CREATE INDEX ai_decisions_refused ON ai_decisions (model, time_ms DESC) WHERE refused_answers IS NOT NULL;

-- Stops and targets of the decision that risk replaced by the defaults, as in the event; NULL where there were none.
ALTER TABLE verdicts ADD COLUMN ignored_stops jsonb;
CREATE INDEX verdicts_ignored_stops ON verdicts (model, time_ms DESC) WHERE ignored_stops IS NOT NULL;

-- The highest and the lowest mark price that an account state has shown since this position was opened.
ALTER TABLE positions ADD COLUMN high_mark_price numeric, ADD COLUMN low_mark_price numeric;

-- The latest closed trades of a model, however many are open.
CREATE INDEX trades_closed ON trades (model, entry_ms DESC) WHERE status <> 'OPEN';
