-- Tables that grow with time are partitioned by it, so that what is no longer kept goes with its partition (see
-- storage/partitions.py). Nothing is copied: the former table becomes the first partition, of everything up to its newest
-- week's end. What has no partition of its own lies in `<table>_rest`.

ALTER TABLE market_prices RENAME TO market_prices_before;
ALTER INDEX market_prices_pkey RENAME TO market_prices_before_pkey;
CREATE TABLE market_prices (LIKE market_prices_before INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (bucket_ms);
ALTER TABLE market_prices ADD PRIMARY KEY (bucket_ms, symbol);

ALTER TABLE market_snapshots RENAME TO market_snapshots_before;
ALTER TABLE market_snapshots_before DROP CONSTRAINT market_snapshots_pkey;
-- Where a later migration was applied first.
ALTER INDEX IF EXISTS market_snapshots_by_time RENAME TO market_snapshots_before_by_time;
CREATE TABLE market_snapshots (LIKE market_snapshots_before INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (time_ms);
ALTER TABLE market_snapshots ADD PRIMARY KEY (cycle_id, time_ms);

ALTER TABLE account_snapshots RENAME TO account_snapshots_before;
ALTER INDEX account_snapshots_pkey RENAME TO account_snapshots_before_pkey;
ALTER INDEX account_snapshots_by_time RENAME TO account_snapshots_before_by_time;
CREATE TABLE account_snapshots (LIKE account_snapshots_before INCLUDING ALL EXCLUDING INDEXES)
    PARTITION BY RANGE (time_ms);
ALTER TABLE account_snapshots ADD PRIMARY KEY (model, time_ms);
CREATE INDEX account_snapshots_by_time ON account_snapshots (time_ms, model);

ALTER TABLE record_blobs RENAME TO record_blobs_before;
ALTER INDEX record_blobs_pkey RENAME TO record_blobs_before_pkey;
CREATE TABLE record_blobs (LIKE record_blobs_before INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (day);
ALTER TABLE record_blobs ADD PRIMARY KEY (day, hash);

DO $$
DECLARE
    each record;
    bound bigint;
BEGIN
    IF to_regclass('market_snapshots_before_by_time') IS NOT NULL THEN
        CREATE INDEX market_snapshots_by_time ON market_snapshots (time_ms);
    END IF;
    FOR each IN SELECT * FROM (VALUES
        ('market_prices', 'bucket_ms', 604800000),
        ('market_snapshots', 'time_ms', 604800000),
        ('account_snapshots', 'time_ms', 604800000),
        ('record_blobs', 'day', 7)
    ) partitioned (name, key, week)
    LOOP
        EXECUTE format('SELECT (max(%I) / %s + 1) * %s FROM %I', each.key, each.week, each.week, each.name || '_before')
            INTO bound;
        IF bound IS NULL THEN
            EXECUTE format('DROP TABLE %I', each.name || '_before');
        ELSE
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)',
                each.name, each.name || '_before', bound);
        END IF;
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', each.name || '_rest', each.name);
    END LOOP;
END
$$;

-- One price a day of those that are no longer kept, for the benchmarks' chart.
CREATE TABLE market_price_days (
    bucket_ms bigint NOT NULL,
    symbol text NOT NULL,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL,
    PRIMARY KEY (bucket_ms, symbol)
);

CREATE INDEX record_links_rows_dropped ON record_links (chain, sequence) WHERE kind = 'record.rows_dropped';
