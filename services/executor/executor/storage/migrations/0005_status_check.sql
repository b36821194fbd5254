-- RESTING was never written: every order that opens or closes a position is immediate-or-cancel.
ALTER TABLE intents DROP CONSTRAINT intents_status_check;
ALTER TABLE intents ADD CONSTRAINT intents_status_check
    CHECK (status IN ('STORED', 'SENT', 'IN_FLIGHT', 'PARTIAL', 'FILLED', 'REJECTED', 'CANCELLED'));
