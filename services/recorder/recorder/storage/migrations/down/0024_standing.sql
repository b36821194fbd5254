-- Older prices are gone, and a command's coin is recorded nowhere else: 0027_kept_aside.sql puts them back.
CREATE TABLE IF NOT EXISTS kept_command_symbols (id text, symbol text);
INSERT INTO kept_command_symbols SELECT id, symbol FROM commands WHERE symbol IS NOT NULL;
ALTER TABLE commands DROP COLUMN symbol;
ALTER TABLE model_statistics
    DROP COLUMN return_hours,
    DROP COLUMN btc_hours,
    DROP COLUMN btc_excess,
    DROP COLUMN btc_excess_low,
    DROP COLUMN btc_excess_high,
    DROP COLUMN timed_decisions,
    DROP COLUMN coin_results;
CREATE TABLE IF NOT EXISTS kept_btc_hours AS TABLE btc_hours WITH NO DATA;
INSERT INTO kept_btc_hours SELECT * FROM btc_hours;
DROP TABLE btc_hours;
