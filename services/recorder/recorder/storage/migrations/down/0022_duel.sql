DROP INDEX market_snapshots_by_time, ai_decisions_by_cycle, ai_decisions_by_action, ai_decisions_by_symbol,
    ai_decisions_by_verdict;
ALTER TABLE model_statistics DROP COLUMN calibration;
-- Their prices and decisions may be gone: 0027_kept_aside.sql puts them back.
CREATE TABLE IF NOT EXISTS kept_decision_results AS TABLE decision_results WITH NO DATA;
CREATE TABLE IF NOT EXISTS kept_duel_hours AS TABLE duel_hours WITH NO DATA;
CREATE TABLE IF NOT EXISTS kept_result_hours AS TABLE result_hours WITH NO DATA;
INSERT INTO kept_decision_results SELECT * FROM decision_results;
INSERT INTO kept_duel_hours SELECT * FROM duel_hours;
INSERT INTO kept_result_hours SELECT * FROM result_hours;
DROP TABLE result_hours, duel_hours, decision_results;
