-- One more kind of fact:
--   closing  model  key = the entry's intent id, or the coin  {symbol, intent_id}: a position that a person wants closed,
--            until the account no longer shows it
ALTER TABLE risk_state DROP CONSTRAINT risk_state_kind_check;
ALTER TABLE risk_state ADD CONSTRAINT risk_state_kind_check CHECK (
    kind IN (
        'halt', 'baseline', 'high_water', 'stops', 'state', 'invalidation', 'transfers', 'last', 'epoch', 'closing'
    )
);
