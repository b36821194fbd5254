-- One more kind of fact:
--   invalidation  model  key = the entry's intent id  {symbol, side, condition, after_ms, closed_ms, boundary_ms, is_reported}
--                 an invalidation condition that came true, until its position is gone and the condition no longer holds
-- A baseline also holds how much money had been moved into the account by then: {day, equity_usd, transfers_usd}.
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check
    CHECK (kind IN ('halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation'));
