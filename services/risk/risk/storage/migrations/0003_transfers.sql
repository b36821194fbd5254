-- One more kind of fact:
--   transfers  model  {since_ms, transfers_usd}: money moved into the account (out: negative) that the baseline and the
--              high-water mark already contain, counted since `since_ms`
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check
    CHECK (kind IN ('halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation', 'transfers'));
