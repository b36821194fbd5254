-- Which account of which environment a contender's rows belong to, and the wall time of its first state. Rows of other
-- accounts of it are kept under 'model#epoch', those of this table too.
CREATE TABLE recorder_epochs (
    model text PRIMARY KEY,
    epoch text NOT NULL,
    since_ms bigint NOT NULL
);
ALTER TABLE accounts ADD COLUMN mode text NOT NULL DEFAULT '';
