-- One more kind of fact:
--   epoch  model  {epoch}: the account of which environment a model's rows belong to; those of other accounts of its are
--          kept under 'model#epoch'
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check CHECK (
    kind IN ('halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation', 'transfers', 'last', 'epoch')
);
