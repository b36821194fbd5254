ALTER TABLE market_prices RENAME TO market_prices_parts;
ALTER INDEX market_prices_pkey RENAME TO market_prices_parts_pkey;
CREATE TABLE market_prices (LIKE market_prices_parts INCLUDING ALL EXCLUDING INDEXES);
INSERT INTO market_prices SELECT * FROM market_prices_parts UNION ALL SELECT * FROM market_price_days d
    WHERE NOT EXISTS (SELECT FROM market_prices_parts p WHERE p.bucket_ms = d.bucket_ms AND p.symbol = d.symbol);
DROP TABLE market_prices_parts, market_price_days;
ALTER TABLE market_prices ADD PRIMARY KEY (bucket_ms, symbol);

ALTER TABLE market_snapshots RENAME TO market_snapshots_parts;
ALTER INDEX market_snapshots_pkey RENAME TO market_snapshots_parts_pkey;
CREATE TABLE market_snapshots (LIKE market_snapshots_parts INCLUDING ALL EXCLUDING INDEXES);
INSERT INTO market_snapshots SELECT * FROM market_snapshots_parts;
DROP TABLE market_snapshots_parts;
ALTER TABLE market_snapshots ADD PRIMARY KEY (cycle_id);

ALTER TABLE account_snapshots RENAME TO account_snapshots_parts;
ALTER INDEX account_snapshots_pkey RENAME TO account_snapshots_parts_pkey;
ALTER INDEX account_snapshots_by_time RENAME TO account_snapshots_parts_by_time;
CREATE TABLE account_snapshots (LIKE account_snapshots_parts INCLUDING ALL EXCLUDING INDEXES);
-- All but the generated column.
INSERT INTO account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl,
    margin_ratio, cause, transfers, growth, peak_growth)
SELECT model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers,
    growth, peak_growth FROM account_snapshots_parts;
DROP TABLE account_snapshots_parts;
ALTER TABLE account_snapshots ADD PRIMARY KEY (model, time_ms);
CREATE INDEX account_snapshots_by_time ON account_snapshots (time_ms, model);

ALTER TABLE record_blobs RENAME TO record_blobs_parts;
ALTER INDEX record_blobs_pkey RENAME TO record_blobs_parts_pkey;
CREATE TABLE record_blobs (LIKE record_blobs_parts INCLUDING ALL EXCLUDING INDEXES);
INSERT INTO record_blobs SELECT * FROM record_blobs_parts;
DROP TABLE record_blobs_parts;
ALTER TABLE record_blobs ADD PRIMARY KEY (day, hash);

DROP INDEX record_links_rows_dropped;
