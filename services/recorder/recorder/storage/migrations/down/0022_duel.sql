DROP INDEX market_snapshots_by_time, ai_decisions_by_cycle, ai_decisions_by_action, ai_decisions_by_symbol,
    ai_decisions_by_verdict;
ALTER TABLE model_statistics DROP COLUMN calibration;
DROP TABLE result_hours, duel_hours, decision_results;
