-- The record: a chain of links per contender, one of the market's snapshots, and the long texts beside them. See
-- docs/record.md and common/runtime/record. Nothing in record_links and record_blobs ever changes; the rights say so.

-- One link: `record` is the event as compressed JSON, in which each long text is replaced by its SHA-256; `link` the
-- SHA-256 of the link before it and of the JSON. The other columns repeat, for searches, what the record holds; `day`
-- (UTC, counted since 1970) is the one of its texts in record_blobs.
CREATE TABLE record_links (
    chain text NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    event_id text,
    cycle_id text,
    time_ms bigint NOT NULL,
    day integer NOT NULL,
    record bytea NOT NULL,
    link bytea NOT NULL,
    PRIMARY KEY (chain, sequence)
);
ALTER TABLE record_links ALTER COLUMN record SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX record_links_event ON record_links (event_id);
CREATE INDEX record_links_time ON record_links (chain, time_ms, sequence);
CREATE INDEX record_links_dropped ON record_links (chain, sequence) WHERE kind = 'record.dropped';

-- The newest link of each chain; 0 before the first one. Locked while a batch is stored.
CREATE TABLE record_heads (
    chain text PRIMARY KEY,
    sequence bigint NOT NULL,
    link bytea NOT NULL
);

-- A text by its SHA-256, once a day: a day's texts need no other day's. `content` is compressed, against the text
-- `base` of the same day where that is set.
CREATE TABLE record_blobs (
    day integer NOT NULL,
    hash bytea NOT NULL,
    base bytea,
    content bytea NOT NULL,
    PRIMARY KEY (day, hash)
);
ALTER TABLE record_blobs ALTER COLUMN content SET STORAGE EXTERNAL;
