-- The market as it was at each cycle, as the prompts had it.
CREATE VIEW api_snapshots AS SELECT cycle_id, time_ms, summary FROM market_snapshots;
