-- Marks are recorded nowhere else: 0027_kept_aside.sql puts them back.
CREATE TABLE IF NOT EXISTS kept_position_extremes AS TABLE position_extremes WITH NO DATA;
INSERT INTO kept_position_extremes SELECT * FROM position_extremes;
DROP TABLE position_extremes;
CREATE TABLE IF NOT EXISTS kept_trade_exits (id text, exit_ms bigint, exit_cycle_id text);
INSERT INTO kept_trade_exits SELECT id, exit_ms, exit_cycle_id FROM trades
WHERE exit_ms IS NOT NULL AND exit_cycle_id IS NOT NULL;
ALTER TABLE trades DROP COLUMN exit_cycle_id;
