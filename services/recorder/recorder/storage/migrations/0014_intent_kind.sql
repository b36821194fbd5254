-- As in the events: why an intent exists is its kind.
ALTER TABLE verdicts RENAME COLUMN leg TO intent_kind;
