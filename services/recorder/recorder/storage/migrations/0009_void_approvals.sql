-- Approvals of the last days, which risk compares with the executor's intents: one that got lost is void.
CREATE INDEX verdicts_approved ON verdicts (time_ms) WHERE verdict = 'APPROVED';
