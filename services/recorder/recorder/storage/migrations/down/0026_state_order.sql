ALTER TABLE benchmark_base DROP COLUMN last_ms, DROP COLUMN last_price;
ALTER TABLE accounts DROP COLUMN received_ms;
