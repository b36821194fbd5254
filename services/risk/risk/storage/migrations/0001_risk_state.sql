-- What risk must never forget. One row per fact:
--   halt        model ('*': everyone)  key = reason   {since_ms, until_ms, detail}
--   baseline    model                  {day, equity_usd}
--   high_water  model                  {equity_usd}
--   stops       model                  {stops: [[order, time_ms], …]}
--   state       model                  {state: ACTIVE|REDUCING|HALTED, reasons: […]}, derived, for readers
CREATE TABLE risk_state (
    kind text NOT NULL CHECK (kind IN ('halt', 'baseline', 'high_water', 'stops', 'state')),
    model text NOT NULL,
    key text NOT NULL DEFAULT '',
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, model, key)
);
