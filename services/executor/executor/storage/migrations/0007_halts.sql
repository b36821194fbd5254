-- Halts of entries: by whom, when and why. Local ones are files that the kill switch or a person has made.
CREATE TABLE executor_halts (
    id text PRIMARY KEY,
    model text NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    is_local boolean NOT NULL,
    since_ms bigint NOT NULL,
    ended_ms bigint,
    ended_by text
);
