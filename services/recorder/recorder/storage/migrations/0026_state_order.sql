-- States of an account are in the order in which they came (wall time): a market whose time lies earlier than the one
-- before, such as a recorded one after a synthetic one, changes accounts too.
ALTER TABLE accounts ADD COLUMN received_ms bigint NOT NULL DEFAULT 0;

-- A coin's last price, with which it counts after it is traded no more.
ALTER TABLE benchmark_base ADD COLUMN last_ms bigint, ADD COLUMN last_price numeric;
UPDATE benchmark_base b SET last_ms = p.time_ms, last_price = p.mid_price FROM market_prices p
WHERE p.symbol = b.symbol AND p.bucket_ms = (SELECT max(bucket_ms) FROM market_prices n WHERE n.symbol = b.symbol);
