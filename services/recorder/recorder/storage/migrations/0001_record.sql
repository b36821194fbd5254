-- The seed's four tables (ai_decisions, trades, positions, account_snapshots) and what they are made from.

CREATE TABLE ai_decisions (
    id text PRIMARY KEY,
    model text NOT NULL,
    cycle_id text NOT NULL,
    time_ms bigint NOT NULL,
    outcome text NOT NULL,
    action text,
    symbol text,
    leverage integer,
    position_size_percent numeric,
    confidence numeric,
    reasoning text,
    stop_loss numeric,
    take_profit numeric,
    invalidation_condition jsonb,
    executed boolean NOT NULL DEFAULT false,
    verdict text,
    denial_code text,
    failure_code text,
    failure_reason text,
    latency_ms integer,
    provider_model text NOT NULL,
    stand_in boolean NOT NULL,
    strategy text,
    strategy_hash text,
    prompt_hash text,
    prompt_system text,
    prompt_user text,
    raw_response text,
    reasoning_content text,
    dropped_keys text[] NOT NULL DEFAULT '{}',
    attempts integer NOT NULL,
    usage jsonb,
    cost_usd numeric,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model, cycle_id)
);
CREATE INDEX ai_decisions_newest ON ai_decisions (time_ms DESC, id DESC);
CREATE INDEX ai_decisions_model ON ai_decisions (model, time_ms DESC, id DESC);

CREATE TABLE verdicts (
    id text PRIMARY KEY,
    model text NOT NULL,
    decision_id text NOT NULL,
    cycle_id text,
    leg text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('APPROVED', 'DENIED')),
    code text,
    symbol text,
    rules jsonb NOT NULL,
    intent jsonb,
    time_ms bigint NOT NULL
);
CREATE INDEX verdicts_by_decision ON verdicts (decision_id);
CREATE INDEX verdicts_denied ON verdicts (model, time_ms DESC) WHERE verdict = 'DENIED';

CREATE TABLE orders (
    client_order_id text PRIMARY KEY,
    model text NOT NULL,
    intent_id text,
    cycle_id text,
    order_id bigint,
    symbol text NOT NULL,
    role text NOT NULL,
    side text,
    size numeric,
    price numeric,
    trigger_price numeric,
    reduce_only boolean,
    status text NOT NULL,
    status_rank integer NOT NULL,
    reason text,
    time_ms bigint NOT NULL
);
CREATE INDEX orders_by_intent ON orders (intent_id);

CREATE TABLE fills (
    id text PRIMARY KEY,
    model text NOT NULL,
    symbol text NOT NULL,
    trade_id bigint NOT NULL,
    order_id bigint NOT NULL,
    client_order_id text,
    intent_id text,
    cycle_id text,
    role text NOT NULL,
    side text NOT NULL,
    price numeric NOT NULL,
    size numeric NOT NULL,
    fee numeric NOT NULL,
    closed_pnl numeric NOT NULL,
    start_position numeric NOT NULL,
    direction text NOT NULL,
    crossed boolean NOT NULL,
    is_liquidation boolean NOT NULL,
    time_ms bigint NOT NULL
);
CREATE INDEX fills_by_market ON fills (model, symbol, time_ms, trade_id);
CREATE INDEX fills_newest ON fills (time_ms DESC, id DESC);
CREATE INDEX fills_by_intent ON fills (intent_id);

CREATE TABLE trades (
    id text PRIMARY KEY,
    model text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    entry_price numeric NOT NULL,
    exit_price numeric,
    position_size numeric NOT NULL,
    leverage integer,
    entry_time bigint NOT NULL,
    exit_time bigint,
    pnl numeric,
    pnl_percent numeric,
    fees numeric NOT NULL,
    funding numeric NOT NULL DEFAULT 0,
    status text NOT NULL CHECK (status IN ('OPEN', 'CLOSED', 'LIQUIDATED')),
    close_reason text,
    entry_notional numeric NOT NULL,
    exit_notional numeric,
    gross_pnl numeric NOT NULL,
    stop_loss numeric,
    take_profit numeric,
    intent_id text,
    decision_id text,
    cycle_id text
);
CREATE INDEX trades_newest ON trades (entry_time DESC, id DESC);
CREATE INDEX trades_model ON trades (model, entry_time DESC, id DESC);
CREATE INDEX trades_market ON trades (model, symbol, entry_time);

CREATE TABLE accounts (
    model text PRIMARY KEY,
    address text NOT NULL,
    start_balance numeric NOT NULL,
    equity numeric NOT NULL,
    balance numeric NOT NULL,
    available_balance numeric NOT NULL,
    margin_used numeric NOT NULL,
    maintenance_margin numeric NOT NULL,
    unrealized_pnl numeric NOT NULL,
    total_notional numeric NOT NULL,
    margin_ratio numeric NOT NULL,
    time_ms bigint NOT NULL
);

CREATE TABLE positions (
    model text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    position_size numeric NOT NULL,
    entry_price numeric NOT NULL,
    mark_price numeric NOT NULL,
    leverage integer NOT NULL,
    notional numeric NOT NULL,
    unrealized_pnl numeric NOT NULL,
    liquidation_price numeric,
    initial_margin numeric NOT NULL,
    stop_loss numeric,
    take_profit numeric,
    protected boolean NOT NULL,
    funding numeric NOT NULL,
    intent_id text,
    cycle_id text,
    opened_at bigint,
    updated_at bigint NOT NULL,
    PRIMARY KEY (model, symbol)
);

CREATE TABLE account_snapshots (
    model text NOT NULL,
    time_ms bigint NOT NULL,
    equity numeric NOT NULL,
    balance numeric NOT NULL,
    available_balance numeric NOT NULL,
    margin_used numeric NOT NULL,
    unrealized_pnl numeric NOT NULL,
    margin_ratio numeric NOT NULL,
    cause text NOT NULL CHECK (cause IN ('interval', 'change')),
    PRIMARY KEY (model, time_ms)
);

CREATE TABLE alerts (
    id text PRIMARY KEY,
    code text NOT NULL,
    severity text NOT NULL,
    service text NOT NULL,
    model text,
    message text NOT NULL,
    figures jsonb NOT NULL,
    time_ms bigint NOT NULL
);
CREATE INDEX alerts_newest ON alerts (time_ms DESC);

CREATE TABLE commands (
    id text PRIMARY KEY,
    command text NOT NULL,
    model text,
    reason text NOT NULL,
    requested_by text NOT NULL,
    time_ms bigint NOT NULL
);

-- Rows as browsers get them, by REST and WebSocket alike: money as decimal strings, times as ms.

CREATE FUNCTION wire(value numeric) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(value, 8))::text;

CREATE VIEW api_decisions AS
SELECT id, model, cycle_id, time_ms, outcome, action, symbol, leverage, wire(position_size_percent) AS
    position_size_percent, wire(confidence) AS confidence, reasoning, executed, coalesce(verdict, 'NONE') AS verdict,
    denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in
FROM ai_decisions;

CREATE VIEW api_positions AS
SELECT p.model, p.symbol, p.side, wire(p.position_size) AS position_size, wire(p.entry_price) AS entry_price,
    wire(p.mark_price) AS mark_price, p.leverage, wire(p.notional) AS notional, wire(p.unrealized_pnl) AS
    unrealized_pnl, wire(p.liquidation_price) AS liquidation_price, wire(p.initial_margin) AS initial_margin,
    wire(p.stop_loss) AS stop_loss, wire(p.take_profit) AS take_profit, p.protected, wire(p.funding) AS funding,
    p.opened_at, p.updated_at, v.decision_id, p.cycle_id
FROM positions p LEFT JOIN verdicts v ON v.id = p.intent_id;

CREATE VIEW api_trades AS
SELECT id, model, symbol, side, wire(entry_price) AS entry_price, wire(exit_price) AS exit_price,
    wire(position_size) AS position_size, leverage, entry_time, exit_time, wire(pnl) AS pnl,
    wire(pnl_percent) AS pnl_percent, wire(fees) AS fees, wire(funding) AS funding, status, close_reason,
    wire(entry_notional) AS entry_notional, wire(exit_notional) AS exit_notional, wire(stop_loss) AS stop_loss,
    wire(take_profit) AS take_profit, cycle_id, decision_id
FROM trades;

CREATE VIEW api_accounts AS
SELECT model, address, wire(equity) AS equity, wire(balance) AS balance, wire(available_balance) AS
    available_balance, wire(margin_used) AS margin_used, wire(unrealized_pnl) AS unrealized_pnl,
    wire(total_notional) AS total_notional, wire(margin_ratio) AS margin_ratio, wire(start_balance) AS start_balance,
    wire((equity / nullif(start_balance, 0) - 1) * 100) AS return_percent, time_ms
FROM accounts;

CREATE VIEW api_fills AS
SELECT f.id, f.model, f.symbol, f.side, wire(f.price) AS price, wire(f.size) AS size, wire(f.fee) AS fee,
    wire(f.closed_pnl) AS closed_pnl, f.role, f.order_id, f.trade_id, f.cycle_id, f.time_ms
FROM fills f;

CREATE VIEW api_orders AS
SELECT client_order_id, order_id, model, intent_id, symbol, role, side, wire(size) AS size, wire(price) AS price,
    wire(trigger_price) AS trigger_price, status, reason, time_ms
FROM orders;

-- Closed trades only count for wins and P&L; an account without a closed trade has no win rate.
CREATE VIEW api_leaderboard AS
SELECT rank() OVER (ORDER BY a.equity / nullif(a.start_balance, 0) DESC) AS rank, a.model,
    wire(a.equity) AS account_value, wire((a.equity / nullif(a.start_balance, 0) - 1) * 100) AS return_percent,
    wire(a.equity - a.start_balance) AS total_pnl, wire(coalesce(t.fees, 0)) AS fees,
    wire(coalesce(t.funding, 0)) AS funding, wire(t.win_rate_percent) AS win_rate_percent,
    wire(t.biggest_win) AS biggest_win, wire(t.biggest_loss) AS biggest_loss, NULL::text AS sharpe,
    coalesce(t.trades, 0) AS trades
FROM accounts a LEFT JOIN (
    SELECT model, sum(fees) AS fees, sum(funding) AS funding, count(*) FILTER (WHERE status <> 'OPEN') AS trades,
        100.0 * count(*) FILTER (WHERE status <> 'OPEN' AND pnl > 0)
            / nullif(count(*) FILTER (WHERE status <> 'OPEN'), 0) AS win_rate_percent,
        max(pnl) FILTER (WHERE pnl > 0) AS biggest_win, min(pnl) FILTER (WHERE pnl < 0) AS biggest_loss
    FROM trades GROUP BY model
) t USING (model);
