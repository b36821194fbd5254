-- Money that came or went other than by fills of the arena's coins: funding, transfers, trades on other coins.
-- `amount` positive was received.
CREATE TABLE account_movements (
    id text PRIMARY KEY,
    model text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('funding', 'transfer', 'trade')),
    amount numeric NOT NULL,
    reason text NOT NULL,
    coin text,
    size numeric,
    rate_hourly numeric,
    time_ms bigint NOT NULL
);
CREATE INDEX account_movements_by_time ON account_movements (model, time_ms) INCLUDE (kind, amount);
CREATE INDEX account_movements_by_coin ON account_movements (model, coin, time_ms) WHERE kind = 'funding';
CREATE INDEX fills_by_time ON fills (model, time_ms) INCLUDE (closed_pnl, fee);

-- Whether each account's profit ties out: equity − unrealised = start + realised − fees + funding + transfers + other
-- + residual, all since `since_ms`; funding, transfers and other are positive when received.
CREATE TABLE account_books (
    model text PRIMARY KEY,
    since_ms bigint NOT NULL,
    start_cash numeric NOT NULL,
    equity numeric NOT NULL,
    unrealized_pnl numeric NOT NULL,
    realized_pnl numeric NOT NULL,
    fees numeric NOT NULL,
    funding numeric NOT NULL,
    transfers numeric NOT NULL,
    other numeric NOT NULL,
    residual numeric NOT NULL,
    residual_percent numeric NOT NULL,
    -- Since when the residual has been above its limit, and the state whose alert says so.
    above_since_ms bigint,
    alerted_by text,
    time_ms bigint NOT NULL
);
