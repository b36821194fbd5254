DROP TABLE position_extremes;
ALTER TABLE trades DROP COLUMN exit_cycle_id;
