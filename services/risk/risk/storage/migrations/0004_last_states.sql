-- One more kind of fact:
--   last  model  {received_ms, equity_usd}: the account state that was taken into account last
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check
    CHECK (kind IN ('halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation', 'transfers', 'last'));
