-- A leg is one order of a bracket; why an intent exists is its kind.
ALTER TABLE intents RENAME COLUMN leg TO intent_kind;
