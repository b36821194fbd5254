ALTER TABLE commands DROP COLUMN symbol;
ALTER TABLE model_statistics
    DROP COLUMN return_hours,
    DROP COLUMN btc_hours,
    DROP COLUMN btc_excess,
    DROP COLUMN btc_excess_low,
    DROP COLUMN btc_excess_high,
    DROP COLUMN timed_decisions,
    DROP COLUMN coin_results;
DROP TABLE btc_hours;
