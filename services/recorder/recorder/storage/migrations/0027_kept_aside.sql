-- What 0022 to 0024 were taken back with, and no row could tell again (down/): put back, where a version of before them
-- has run in between. Such a version has none of these tables, so that what is there is no older.
CREATE TABLE IF NOT EXISTS kept_btc_hours AS TABLE btc_hours WITH NO DATA;
INSERT INTO btc_hours SELECT DISTINCT ON (hour_ms) * FROM kept_btc_hours ORDER BY hour_ms, time_ms DESC
ON CONFLICT (hour_ms) DO UPDATE SET time_ms = excluded.time_ms, mid_price = excluded.mid_price
WHERE btc_hours.time_ms < excluded.time_ms;

CREATE TABLE IF NOT EXISTS kept_command_symbols (id text, symbol text);
UPDATE commands c SET symbol = k.symbol FROM kept_command_symbols k WHERE k.id = c.id;

CREATE TABLE IF NOT EXISTS kept_position_extremes AS TABLE position_extremes WITH NO DATA;
INSERT INTO position_extremes SELECT * FROM kept_position_extremes ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS kept_trade_exits (id text, exit_ms bigint, exit_cycle_id text);
UPDATE trades t SET exit_cycle_id = k.exit_cycle_id FROM kept_trade_exits k WHERE k.id = t.id AND k.exit_ms = t.exit_ms;

-- The last hours before (the longest result needs four) are the recorder's to compute: it does when it starts.
CREATE TABLE IF NOT EXISTS kept_decision_results AS TABLE decision_results WITH NO DATA;
CREATE TABLE IF NOT EXISTS kept_duel_hours AS TABLE duel_hours WITH NO DATA;
CREATE TABLE IF NOT EXISTS kept_result_hours AS TABLE result_hours WITH NO DATA;
CREATE TABLE kept_until AS
SELECT (greatest(
    (SELECT max(time_ms) FROM kept_decision_results),
    (SELECT max(hour_ms) FROM kept_duel_hours),
    (SELECT max(hour_ms) FROM kept_result_hours)
) / 3600000 - 5) * 3600000 AS hour_ms;
INSERT INTO decision_results SELECT k.* FROM kept_decision_results k, kept_until u WHERE k.time_ms < u.hour_ms
ON CONFLICT DO NOTHING;
INSERT INTO duel_hours SELECT k.* FROM kept_duel_hours k, kept_until u WHERE k.hour_ms < u.hour_ms
ON CONFLICT DO NOTHING;
INSERT INTO result_hours SELECT k.* FROM kept_result_hours k, kept_until u WHERE k.hour_ms < u.hour_ms
ON CONFLICT DO NOTHING;

DROP TABLE kept_btc_hours, kept_command_symbols, kept_position_extremes, kept_trade_exits, kept_decision_results,
    kept_duel_hours, kept_result_hours, kept_until;
