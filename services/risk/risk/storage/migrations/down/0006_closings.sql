DELETE FROM risk_state WHERE kind = 'closing';
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check CHECK (
    kind IN ('halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation', 'transfers', 'last', 'epoch')
);
