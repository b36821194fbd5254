-- The highest equity without transfers of every state told, also of those between two recorded ones; and a record of
-- each state that lies deeper below it than any before, so that a drawdown is never shallower than the return tells.
ALTER TABLE accounts ADD COLUMN peak numeric;
UPDATE accounts SET peak = (SELECT max(peak) FROM account_snapshots s WHERE s.model = accounts.model);

ALTER TABLE account_snapshots DROP CONSTRAINT account_snapshots_cause_check,
    ADD CONSTRAINT account_snapshots_cause_check CHECK (cause IN ('interval', 'change', 'drawdown'));
