-- Views and functions live in views/ from here on: what earlier migrations defined is dropped, and created from there
-- in the same transaction.
DROP VIEW api_leaderboard, api_model_statistics, trade_statistics, api_accounts, api_alerts, api_benchmarks,
    api_decisions, api_equity, api_fills, api_orders, api_positions, api_trades;
DROP FUNCTION benchmark_points, drawdown_points, equity_points, refresh_decision_day, refresh_equity_hour, drawdown,
    wire;

-- The recorded times are ms since the epoch (…_ms); the timestamps derived from them are for people and tools.
ALTER TABLE trades RENAME COLUMN entry_time TO entry_ms;
ALTER TABLE trades RENAME COLUMN exit_time TO exit_ms;
ALTER TABLE trades
    ADD COLUMN entry_time timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp(entry_ms / 1000.0)) STORED,
    ADD COLUMN exit_time timestamptz GENERATED ALWAYS AS (to_timestamp(exit_ms / 1000.0)) STORED;
ALTER TABLE positions RENAME COLUMN opened_at TO opened_ms;
ALTER TABLE positions RENAME COLUMN updated_at TO updated_ms;
ALTER TABLE positions
    ADD COLUMN opened_at timestamptz GENERATED ALWAYS AS (to_timestamp(opened_ms / 1000.0)) STORED,
    ADD COLUMN updated_at timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp(updated_ms / 1000.0)) STORED,
    ADD COLUMN current_price numeric NOT NULL GENERATED ALWAYS AS (mark_price) STORED,
    ADD COLUMN notional_value numeric NOT NULL GENERATED ALWAYS AS (notional) STORED;
ALTER TABLE account_snapshots
    ADD COLUMN created_at timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp(time_ms / 1000.0)) STORED;

-- What the decision that opened a trade stated, and when the trade was first recorded (wall time).
ALTER TABLE trades ADD COLUMN confidence numeric, ADD COLUMN reasoning text, ADD COLUMN created_at timestamptz;
UPDATE trades t SET confidence = d.confidence, reasoning = d.reasoning FROM ai_decisions d WHERE d.id = t.decision_id;
UPDATE trades t SET created_at = coalesce(
    (SELECT to_timestamp(f.recorded_ms / 1000.0) FROM fills f WHERE f.id = t.id), to_timestamp(t.entry_ms / 1000.0)
);
ALTER TABLE trades ALTER COLUMN created_at SET NOT NULL;

-- What the model was shown: the snapshot's boundary and mid prices, and the prompt by its hash (its text is in
-- prompt_system and prompt_user). NULL when it was shown nothing; without the snapshot's figures where a decision is
-- older than the table market_snapshots.
ALTER TABLE ai_decisions ADD COLUMN market_data jsonb;
UPDATE ai_decisions d SET market_data = jsonb_build_object('prompt_hash', d.prompt_hash) || coalesce((
    SELECT jsonb_build_object('boundary_ms', s.summary -> 'boundary_ms', 'mid_prices', (
        SELECT jsonb_object_agg(coin ->> 'symbol', coin -> 'mid_price')
        FROM jsonb_array_elements(s.summary -> 'coins') coin
    )) FROM market_snapshots s WHERE s.cycle_id = d.cycle_id
), '{}') WHERE d.prompt_hash IS NOT NULL;

-- The figures of trades, as views/trade_statistics.sql defines them: one object instead of a column each.
ALTER TABLE model_statistics ADD COLUMN trade_figures jsonb;
UPDATE model_statistics SET trade_figures = jsonb_build_object(
    'trades', trades,
    'fees', trim_scale(round(fees, 8))::text,
    'funding', trim_scale(round(funding, 8))::text,
    'win_rate_percent', trim_scale(round(win_rate_percent, 8))::text,
    'biggest_win', trim_scale(round(biggest_win, 8))::text,
    'biggest_loss', trim_scale(round(biggest_loss, 8))::text,
    'profit_factor', trim_scale(round(profit_factor, 8))::text,
    'expectancy', trim_scale(round(expectancy, 8))::text,
    'average_trade_notional', trim_scale(round(average_trade_notional, 8))::text,
    'median_trade_notional', trim_scale(round(median_trade_notional, 8))::text,
    'average_holding_ms', average_holding_ms,
    'median_holding_ms', median_holding_ms,
    'average_leverage', trim_scale(round(average_leverage, 8))::text,
    'median_leverage', trim_scale(round(median_leverage, 8))::text,
    'average_confidence', trim_scale(round(average_confidence, 8))::text,
    'median_confidence', trim_scale(round(median_confidence, 8))::text,
    'long_share_percent', trim_scale(round(long_share_percent, 8))::text,
    'brier', trim_scale(round(brier, 8))::text
);
ALTER TABLE model_statistics
    DROP COLUMN trades,
    DROP COLUMN fees,
    DROP COLUMN funding,
    DROP COLUMN win_rate_percent,
    DROP COLUMN biggest_win,
    DROP COLUMN biggest_loss,
    DROP COLUMN profit_factor,
    DROP COLUMN expectancy,
    DROP COLUMN average_trade_notional,
    DROP COLUMN median_trade_notional,
    DROP COLUMN average_holding_ms,
    DROP COLUMN median_holding_ms,
    DROP COLUMN average_leverage,
    DROP COLUMN median_leverage,
    DROP COLUMN average_confidence,
    DROP COLUMN median_confidence,
    DROP COLUMN long_share_percent,
    DROP COLUMN brier;

-- One name from column to page.
ALTER TABLE model_statistics RENAME COLUMN band_low TO return_band_low;
ALTER TABLE model_statistics RENAME COLUMN band_high TO return_band_high;

-- Whether each account's profit ties out is a reconciliation.
ALTER TABLE account_books RENAME TO pnl_reconciliations;
