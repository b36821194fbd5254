-- What became of decisions, and how the contenders compare by it; both follow from the rows, see views/ and
-- projections/results.py.

-- Per approved entry or exit and span of time the price's move in its favor, net of costs; NULL while not known.
CREATE TABLE decision_results (
    decision_id text NOT NULL,
    minutes integer NOT NULL,
    model text NOT NULL,
    time_ms bigint NOT NULL,
    result_percent numeric,
    PRIMARY KEY (decision_id, minutes)
);
CREATE INDEX decision_results_by_time ON decision_results (time_ms);

-- Per hour and span: sums over the cycles that two contenders both answered (`rival` after `model` in the alphabet).
-- With each answer only the cycles of its hour are summed again. The recorder fills in what is missing when it starts.
CREATE TABLE duel_hours (
    hour_ms bigint NOT NULL,
    model text NOT NULL,
    rival text NOT NULL,
    minutes integer NOT NULL,
    cycles bigint NOT NULL,
    agreed bigint NOT NULL,
    acted bigint NOT NULL,
    acted_agreed bigint NOT NULL,
    known bigint NOT NULL,
    model_right bigint NOT NULL,
    rival_right bigint NOT NULL,
    PRIMARY KEY (hour_ms, model, rival, minutes)
);

-- Per hour and span: sums over a contender's results that are known.
CREATE TABLE result_hours (
    hour_ms bigint NOT NULL,
    model text NOT NULL,
    minutes integer NOT NULL,
    results bigint NOT NULL,
    results_right bigint NOT NULL,
    result_percent numeric NOT NULL,
    PRIMARY KEY (hour_ms, model, minutes)
);

-- Closed trades by the confidence that opened them, as views/trade_calibration.sql has them.
ALTER TABLE model_statistics ADD COLUMN calibration jsonb;

CREATE INDEX market_snapshots_by_time ON market_snapshots (time_ms);
CREATE INDEX ai_decisions_by_cycle ON ai_decisions (cycle_id);
CREATE INDEX ai_decisions_by_action ON ai_decisions (action, time_ms DESC, id DESC);
CREATE INDEX ai_decisions_by_symbol ON ai_decisions (symbol, time_ms DESC, id DESC);
CREATE INDEX ai_decisions_by_verdict ON ai_decisions (coalesce(verdict, 'NONE'), time_ms DESC, id DESC);
