-- A database as version 0.1.0's recorder filled it (migrations up to 0013): pg_dump --column-inserts, without comments and session settings.
SET LOCAL check_function_bodies = false;
CREATE FUNCTION public.benchmark_points(since_ms bigint, buckets integer) RETURNS TABLE(time_ms bigint, btc_hold numeric, equal_weight numeric)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    first_ms bigint;
    last_ms bigint;
    step_ms bigint;
BEGIN
    SELECT greatest(since_ms, max(b.time_ms)) / 300000 * 300000 INTO first_ms FROM benchmark_base b;
    SELECT max(p.bucket_ms) INTO last_ms FROM market_prices p;
    step_ms := greatest(300000, ((last_ms - first_ms) / greatest(1, buckets) + 299999) / 300000 * 300000);
    RETURN QUERY
    SELECT max(p.time_ms), max(p.mid_price / b.mid_price) FILTER (WHERE p.symbol = 'BTC'), avg(p.mid_price / b.mid_price)
    FROM (SELECT generate_series(first_ms, last_ms, step_ms) UNION SELECT last_ms) marks (mark)
    JOIN market_prices p ON p.bucket_ms = marks.mark JOIN benchmark_base b USING (symbol)
    WHERE p.time_ms >= since_ms
    GROUP BY p.bucket_ms HAVING count(*) = (SELECT count(*) FROM benchmark_base) ORDER BY p.bucket_ms;
END
$$;
CREATE FUNCTION public.drawdown(equity numeric, transfers numeric, peak numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (peak > (0)::numeric) THEN ((1)::numeric - ((equity - transfers) / peak)) ELSE (0)::numeric END;
CREATE FUNCTION public.drawdown_points(of_model text, since_ms bigint, buckets integer) RETURNS TABLE(time_ms bigint, drawdown numeric)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    first_ms bigint;
    last_ms bigint;
    step_ms bigint;
BEGIN
    SELECT min(s.time_ms), max(s.time_ms) INTO first_ms, last_ms FROM account_snapshots s
    WHERE s.model = of_model AND s.time_ms >= since_ms;
    step_ms := greatest(1, (last_ms - first_ms) / greatest(1, buckets) + 1);
    IF step_ms < 3600000 THEN
        RETURN QUERY
        WITH b AS (
            SELECT s.time_ms AS t, drawdown(s.equity, s.transfers, s.peak) AS d,
                (s.time_ms - first_ms) / step_ms AS bucket
            FROM account_snapshots s WHERE s.model = of_model AND s.time_ms >= since_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, d FROM b ORDER BY bucket, d DESC, t)
            UNION (SELECT t, d FROM b WHERE t IN (first_ms, last_ms))
        ) SELECT t, d FROM kept ORDER BY t;
    ELSE
        step_ms := (step_ms + 3599999) / 3600000 * 3600000;
        RETURN QUERY
        WITH b AS (
            SELECT h.drawdown_ms AS t, h.drawdown AS d, h.hour_ms / step_ms AS bucket FROM equity_hours h
            WHERE h.model = of_model AND h.hour_ms > since_ms - 3600000 AND h.drawdown_ms >= since_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, d FROM b ORDER BY bucket, d DESC, t)
            UNION (SELECT s.time_ms, drawdown(s.equity, s.transfers, s.peak) FROM account_snapshots s
                WHERE s.model = of_model AND s.time_ms IN (first_ms, last_ms))
        ) SELECT t, d FROM kept ORDER BY t;
    END IF;
END
$$;
CREATE FUNCTION public.equity_points(of_model text, since_ms bigint, buckets integer) RETURNS TABLE(time_ms bigint, equity numeric)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    first_ms bigint;
    newest_ms bigint;
    step_ms bigint;
BEGIN
    SELECT min(s.time_ms), max(s.time_ms) INTO first_ms, newest_ms FROM account_snapshots s
    WHERE s.model = of_model AND s.time_ms >= since_ms;
    step_ms := greatest(1, (newest_ms - first_ms) / greatest(1, buckets) + 1);
    IF step_ms < 3600000 THEN
        RETURN QUERY
        WITH b AS (
            SELECT s.time_ms AS t, s.equity AS e, (s.time_ms - first_ms) / step_ms AS bucket FROM account_snapshots s
            WHERE s.model = of_model AND s.time_ms >= since_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e, t)
            UNION (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e DESC, t)
            UNION (SELECT t, e FROM b WHERE t = newest_ms)
        ) SELECT t, e FROM kept ORDER BY t;
    ELSE
        step_ms := (step_ms + 3599999) / 3600000 * 3600000;
        RETURN QUERY
        WITH b AS (
            SELECT h.*, h.hour_ms / step_ms AS bucket FROM equity_hours h
            WHERE h.model = of_model AND h.hour_ms > since_ms - 3600000
        ), kept AS (
            (SELECT DISTINCT ON (bucket) low_ms AS t, low AS e FROM b ORDER BY bucket, low, low_ms)
            UNION (SELECT DISTINCT ON (bucket) high_ms, high FROM b ORDER BY bucket, high DESC, high_ms)
            UNION (SELECT b.last_ms, b.last FROM b WHERE b.last_ms = newest_ms)
        ) SELECT t, e FROM kept WHERE t >= since_ms ORDER BY t;
    END IF;
END
$$;
CREATE FUNCTION public.refresh_decision_day(of_model text, of_day_ms bigint) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO decision_days
    SELECT of_model, of_day_ms, count(*), coalesce(sum((usage ->> 'prompt_tokens')::bigint), 0),
        coalesce(sum((usage ->> 'completion_tokens')::bigint), 0), coalesce(sum(cost_usd), 0),
        coalesce(sum(latency_ms), 0), count(latency_ms)
    FROM ai_decisions WHERE model = of_model AND time_ms >= of_day_ms AND time_ms < of_day_ms + 86400000
    ON CONFLICT (model, day_ms) DO UPDATE SET decisions = excluded.decisions,
        prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
        cost_usd = excluded.cost_usd, latency_ms = excluded.latency_ms, latencies = excluded.latencies
$$;
CREATE FUNCTION public.refresh_equity_hour(of_model text, of_hour_ms bigint) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO equity_hours
    SELECT of_model, of_hour_ms, (array_agg(equity ORDER BY equity, time_ms))[1],
        (array_agg(time_ms ORDER BY equity, time_ms))[1], (array_agg(equity ORDER BY equity DESC, time_ms))[1],
        (array_agg(time_ms ORDER BY equity DESC, time_ms))[1], (array_agg(equity ORDER BY time_ms DESC))[1],
        max(time_ms), (array_agg(transfers ORDER BY time_ms DESC))[1], max(drawdown(equity, transfers, peak)),
        (array_agg(time_ms ORDER BY drawdown(equity, transfers, peak) DESC, time_ms))[1]
    FROM account_snapshots
    WHERE model = of_model AND time_ms >= of_hour_ms AND time_ms < of_hour_ms + 3600000
    HAVING count(*) > 0
    ON CONFLICT (model, hour_ms) DO UPDATE SET low = excluded.low, low_ms = excluded.low_ms, high = excluded.high,
        high_ms = excluded.high_ms, last = excluded.last, last_ms = excluded.last_ms, transfers = excluded.transfers,
        drawdown = excluded.drawdown, drawdown_ms = excluded.drawdown_ms
$$;
CREATE FUNCTION public.wire(value numeric) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (trim_scale(round(value, 8)))::text;
CREATE TABLE public.account_books (
    model text NOT NULL,
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
    above_since_ms bigint,
    alerted_by text,
    time_ms bigint NOT NULL
);
CREATE TABLE public.account_movements (
    id text NOT NULL,
    model text NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    reason text NOT NULL,
    coin text,
    size numeric,
    rate_hourly numeric,
    time_ms bigint NOT NULL,
    CONSTRAINT account_movements_kind_check CHECK ((kind = ANY (ARRAY['funding'::text, 'transfer'::text, 'trade'::text, 'liquidation'::text])))
);
CREATE TABLE public.account_snapshots (
    model text NOT NULL,
    time_ms bigint NOT NULL,
    equity numeric NOT NULL,
    balance numeric NOT NULL,
    available_balance numeric NOT NULL,
    margin_used numeric NOT NULL,
    unrealized_pnl numeric NOT NULL,
    margin_ratio numeric NOT NULL,
    cause text NOT NULL,
    transfers numeric DEFAULT 0 NOT NULL,
    peak numeric NOT NULL,
    CONSTRAINT account_snapshots_cause_check CHECK ((cause = ANY (ARRAY['interval'::text, 'change'::text, 'drawdown'::text])))
);
CREATE TABLE public.accounts (
    model text NOT NULL,
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
    time_ms bigint NOT NULL,
    start_ms bigint NOT NULL,
    transfers numeric DEFAULT 0 NOT NULL,
    start_transfers numeric,
    peak numeric
);
CREATE TABLE public.ai_decisions (
    id text NOT NULL,
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
    executed boolean DEFAULT false NOT NULL,
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
    dropped_keys text[] DEFAULT '{}'::text[] NOT NULL,
    attempts integer NOT NULL,
    usage jsonb,
    cost_usd numeric,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_ms bigint
);
CREATE TABLE public.alerts (
    id text NOT NULL,
    code text NOT NULL,
    severity text NOT NULL,
    service text NOT NULL,
    model text,
    message text NOT NULL,
    figures jsonb NOT NULL,
    time_ms bigint NOT NULL
);
CREATE VIEW public.api_accounts AS
 SELECT model,
    address,
    public.wire(equity) AS equity,
    public.wire(balance) AS balance,
    public.wire(available_balance) AS available_balance,
    public.wire(margin_used) AS margin_used,
    public.wire(unrealized_pnl) AS unrealized_pnl,
    public.wire(total_notional) AS total_notional,
    public.wire(margin_ratio) AS margin_ratio,
    public.wire(start_balance) AS start_balance,
    public.wire(((((equity - transfers) / NULLIF(start_balance, (0)::numeric)) - (1)::numeric) * (100)::numeric)) AS return_percent,
    time_ms,
    public.wire(((equity - transfers) - start_balance)) AS total_pnl
   FROM public.accounts;
CREATE VIEW public.api_alerts AS
 SELECT id,
    code,
    severity,
    service,
    model,
    message,
    time_ms
   FROM public.alerts;
CREATE TABLE public.benchmarks (
    name text NOT NULL,
    growth numeric NOT NULL,
    time_ms bigint NOT NULL
);
CREATE VIEW public.api_benchmarks AS
 SELECT name,
    public.wire(((growth - (1)::numeric) * (100)::numeric)) AS return_percent
   FROM public.benchmarks;
CREATE VIEW public.api_decisions AS
 SELECT id,
    model,
    cycle_id,
    time_ms,
    outcome,
    action,
    symbol,
    leverage,
    public.wire(position_size_percent) AS position_size_percent,
    public.wire(confidence) AS confidence,
    reasoning,
    executed,
    COALESCE(verdict, 'NONE'::text) AS verdict,
    denial_code,
    failure_code,
    failure_reason,
    latency_ms,
    provider_model,
    stand_in
   FROM public.ai_decisions;
CREATE VIEW public.api_equity AS
 SELECT model,
    time_ms,
    public.wire(equity) AS equity,
    public.wire(balance) AS balance,
    public.wire(available_balance) AS available_balance,
    public.wire(margin_used) AS margin_used,
    public.wire(unrealized_pnl) AS unrealized_pnl,
    public.wire(margin_ratio) AS margin_ratio,
    public.wire(transfers) AS transfers
   FROM public.account_snapshots;
CREATE TABLE public.fills (
    id text NOT NULL,
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
    time_ms bigint NOT NULL,
    recorded_ms bigint
);
CREATE VIEW public.api_fills AS
 SELECT id,
    model,
    symbol,
    side,
    public.wire(price) AS price,
    public.wire(size) AS size,
    public.wire(fee) AS fee,
    public.wire(closed_pnl) AS closed_pnl,
    role,
    order_id,
    trade_id,
    cycle_id,
    time_ms
   FROM public.fills f;
CREATE TABLE public.model_statistics (
    model text NOT NULL,
    trades bigint DEFAULT 0 NOT NULL,
    fees numeric DEFAULT 0 NOT NULL,
    funding numeric DEFAULT 0 NOT NULL,
    net_realized numeric DEFAULT 0 NOT NULL,
    win_rate_percent numeric,
    biggest_win numeric,
    biggest_loss numeric,
    profit_factor numeric,
    expectancy numeric,
    average_trade_notional numeric,
    median_trade_notional numeric,
    average_holding_ms bigint,
    median_holding_ms bigint,
    average_leverage numeric,
    median_leverage numeric,
    average_confidence numeric,
    median_confidence numeric,
    long_share_percent numeric,
    brier numeric,
    long_ms numeric DEFAULT 0 NOT NULL,
    short_ms numeric DEFAULT 0 NOT NULL,
    shares_ms bigint,
    open_longs integer DEFAULT 0 NOT NULL,
    open_shorts integer DEFAULT 0 NOT NULL,
    decisions bigint DEFAULT 0 NOT NULL,
    prompt_tokens bigint DEFAULT 0 NOT NULL,
    completion_tokens bigint DEFAULT 0 NOT NULL,
    cost_usd numeric DEFAULT 0 NOT NULL,
    average_latency_ms numeric,
    max_drawdown numeric,
    returns_ms bigint,
    sharpe numeric,
    sortino numeric,
    band_low numeric,
    band_high numeric
);
CREATE VIEW public.api_leaderboard AS
 SELECT rank() OVER (ORDER BY ((a.equity - a.transfers) / NULLIF(a.start_balance, (0)::numeric)) DESC NULLS LAST) AS rank,
    a.model,
    public.wire(a.equity) AS account_value,
    public.wire(((((a.equity - a.transfers) / NULLIF(a.start_balance, (0)::numeric)) - (1)::numeric) * (100)::numeric)) AS return_percent,
    public.wire(((a.equity - a.transfers) - a.start_balance)) AS total_pnl,
    public.wire(COALESCE(s.fees, (0)::numeric)) AS fees,
    public.wire(COALESCE(s.funding, (0)::numeric)) AS funding,
    public.wire(s.win_rate_percent) AS win_rate_percent,
    public.wire(s.biggest_win) AS biggest_win,
    public.wire(s.biggest_loss) AS biggest_loss,
    public.wire(s.sharpe) AS sharpe,
    COALESCE(s.trades, (0)::bigint) AS trades,
    public.wire(s.sortino) AS sortino,
    public.wire((s.max_drawdown * (100)::numeric)) AS max_drawdown_percent,
    public.wire(s.profit_factor) AS profit_factor,
    public.wire(s.expectancy) AS expectancy,
    public.wire(s.average_trade_notional) AS average_trade_notional,
    public.wire(s.median_trade_notional) AS median_trade_notional,
    s.average_holding_ms,
    s.median_holding_ms,
    public.wire(s.average_leverage) AS average_leverage,
    public.wire(s.median_leverage) AS median_leverage,
    public.wire(s.average_confidence) AS average_confidence,
    public.wire(s.median_confidence) AS median_confidence,
    public.wire(s.long_share_percent) AS long_share_percent,
    public.wire((s.band_low * (100)::numeric)) AS return_band_low_percent,
    public.wire((s.band_high * (100)::numeric)) AS return_band_high_percent,
    public.wire(s.brier) AS brier,
    COALESCE(s.decisions, (0)::bigint) AS decisions,
    COALESCE(s.prompt_tokens, (0)::bigint) AS prompt_tokens,
    COALESCE(s.completion_tokens, (0)::bigint) AS completion_tokens,
    public.wire(COALESCE(s.cost_usd, (0)::numeric)) AS cost_usd,
    (round(s.average_latency_ms))::bigint AS average_latency_ms
   FROM (public.accounts a
     LEFT JOIN public.model_statistics s USING (model));
CREATE VIEW public.api_model_statistics AS
 SELECT m.model,
    public.wire(m.net_realized) AS net_realized,
    public.wire((((100)::numeric * m.long_ms) / NULLIF(m.whole_ms, (0)::numeric))) AS time_long_percent,
    public.wire((((100)::numeric * m.short_ms) / NULLIF(m.whole_ms, (0)::numeric))) AS time_short_percent,
    public.wire((((100)::numeric * ((m.whole_ms - m.long_ms) - m.short_ms)) / NULLIF(m.whole_ms, (0)::numeric))) AS time_flat_percent,
    public.wire(b.residual) AS residual,
    public.wire(b.residual_percent) AS residual_percent
   FROM (( SELECT a.model,
            ((a.time_ms - a.start_ms))::numeric AS whole_ms,
            (COALESCE(s.net_realized, (0)::numeric) + COALESCE(( SELECT sum(k.amount) AS sum
                   FROM public.account_movements k
                  WHERE ((k.model = a.model) AND (k.kind = 'liquidation'::text))), (0)::numeric)) AS net_realized,
            COALESCE((s.long_ms + (((GREATEST((0)::bigint, (a.time_ms - s.shares_ms)) * s.open_longs) / NULLIF((s.open_longs + s.open_shorts), 0)))::numeric), s.long_ms, (0)::numeric) AS long_ms,
            COALESCE((s.short_ms + (((GREATEST((0)::bigint, (a.time_ms - s.shares_ms)) * s.open_shorts) / NULLIF((s.open_longs + s.open_shorts), 0)))::numeric), s.short_ms, (0)::numeric) AS short_ms
           FROM (public.accounts a
             LEFT JOIN public.model_statistics s USING (model))) m
     LEFT JOIN public.account_books b ON ((b.model = m.model)));
CREATE TABLE public.orders (
    client_order_id text NOT NULL,
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
CREATE VIEW public.api_orders AS
 SELECT client_order_id,
    order_id,
    model,
    intent_id,
    symbol,
    role,
    side,
    public.wire(size) AS size,
    public.wire(price) AS price,
    public.wire(trigger_price) AS trigger_price,
    status,
    reason,
    time_ms
   FROM public.orders;
CREATE TABLE public.positions (
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
    updated_at bigint NOT NULL
);
CREATE TABLE public.trades (
    id text NOT NULL,
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
    funding numeric DEFAULT 0 NOT NULL,
    status text NOT NULL,
    close_reason text,
    entry_notional numeric NOT NULL,
    exit_notional numeric,
    gross_pnl numeric NOT NULL,
    stop_loss numeric,
    take_profit numeric,
    intent_id text,
    decision_id text,
    cycle_id text,
    CONSTRAINT trades_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'CLOSED'::text, 'LIQUIDATED'::text])))
);
CREATE TABLE public.verdicts (
    id text NOT NULL,
    model text NOT NULL,
    decision_id text NOT NULL,
    cycle_id text,
    leg text NOT NULL,
    verdict text NOT NULL,
    code text,
    symbol text,
    rules jsonb NOT NULL,
    intent jsonb,
    time_ms bigint NOT NULL,
    CONSTRAINT verdicts_verdict_check CHECK ((verdict = ANY (ARRAY['APPROVED'::text, 'DENIED'::text])))
);
CREATE VIEW public.api_positions AS
 SELECT p.model,
    p.symbol,
    p.side,
    public.wire(p.position_size) AS position_size,
    public.wire(p.entry_price) AS entry_price,
    public.wire(p.mark_price) AS mark_price,
    p.leverage,
    public.wire(p.notional) AS notional,
    public.wire(p.unrealized_pnl) AS unrealized_pnl,
    public.wire(p.liquidation_price) AS liquidation_price,
    public.wire(p.initial_margin) AS initial_margin,
    public.wire(p.stop_loss) AS stop_loss,
    public.wire(p.take_profit) AS take_profit,
    p.protected,
    public.wire(p.funding) AS funding,
    COALESCE(( SELECT max(t.entry_time) AS max
           FROM public.trades t
          WHERE ((t.model = p.model) AND (t.symbol = p.symbol) AND (t.status = 'OPEN'::text))), p.opened_at) AS opened_at,
    p.updated_at,
    v.decision_id,
    p.cycle_id
   FROM (public.positions p
     LEFT JOIN public.verdicts v ON ((v.id = p.intent_id)));
CREATE VIEW public.api_trades AS
 SELECT id,
    model,
    symbol,
    side,
    public.wire(entry_price) AS entry_price,
    public.wire(exit_price) AS exit_price,
    public.wire(position_size) AS position_size,
    leverage,
    entry_time,
    exit_time,
    public.wire(pnl) AS pnl,
    public.wire(pnl_percent) AS pnl_percent,
    public.wire(fees) AS fees,
    public.wire(funding) AS funding,
    status,
    close_reason,
    public.wire(entry_notional) AS entry_notional,
    public.wire(exit_notional) AS exit_notional,
    public.wire(stop_loss) AS stop_loss,
    public.wire(take_profit) AS take_profit,
    cycle_id,
    decision_id
   FROM public.trades;
CREATE TABLE public.benchmark_base (
    symbol text NOT NULL,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL
);
CREATE TABLE public.commands (
    id text NOT NULL,
    command text NOT NULL,
    model text,
    reason text NOT NULL,
    requested_by text NOT NULL,
    time_ms bigint NOT NULL
);
CREATE TABLE public.decision_days (
    model text NOT NULL,
    day_ms bigint NOT NULL,
    decisions bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_usd numeric NOT NULL,
    latency_ms bigint NOT NULL,
    latencies bigint NOT NULL
);
CREATE TABLE public.equity_hours (
    model text NOT NULL,
    hour_ms bigint NOT NULL,
    low numeric NOT NULL,
    low_ms bigint NOT NULL,
    high numeric NOT NULL,
    high_ms bigint NOT NULL,
    last numeric NOT NULL,
    last_ms bigint NOT NULL,
    transfers numeric NOT NULL,
    drawdown numeric NOT NULL,
    drawdown_ms bigint NOT NULL
);
CREATE TABLE public.market_prices (
    bucket_ms bigint NOT NULL,
    symbol text NOT NULL,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL
);
CREATE TABLE public.market_snapshots (
    cycle_id text NOT NULL,
    time_ms bigint NOT NULL,
    summary jsonb NOT NULL
);
CREATE TABLE public.schema_migrations (
    owner text NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW public.trade_statistics AS
 SELECT t.model,
    count(*) FILTER (WHERE t.ended) AS trades,
    sum(t.fees) AS fees,
    sum(t.funding) AS funding,
    sum(((t.gross_pnl - t.fees) - t.funding)) AS net_realized,
    ((100.0 * (count(*) FILTER (WHERE (t.ended AND (t.pnl > (0)::numeric))))::numeric) / (NULLIF(count(*) FILTER (WHERE t.ended), 0))::numeric) AS win_rate_percent,
    max(t.pnl) FILTER (WHERE (t.ended AND (t.pnl > (0)::numeric))) AS biggest_win,
    min(t.pnl) FILTER (WHERE (t.ended AND (t.pnl < (0)::numeric))) AS biggest_loss,
    (sum(t.pnl) FILTER (WHERE (t.ended AND (t.pnl > (0)::numeric))) / NULLIF((- sum(t.pnl) FILTER (WHERE (t.ended AND (t.pnl < (0)::numeric)))), (0)::numeric)) AS profit_factor,
    avg(t.pnl) FILTER (WHERE t.ended) AS expectancy,
    avg(t.entry_notional) FILTER (WHERE t.ended) AS average_trade_notional,
    (percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((t.entry_notional)::double precision)) FILTER (WHERE t.ended))::numeric AS median_trade_notional,
    (round(avg((t.exit_time - t.entry_time)) FILTER (WHERE t.ended)))::bigint AS average_holding_ms,
    (round((percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY (((t.exit_time - t.entry_time))::double precision)) FILTER (WHERE t.ended))::numeric))::bigint AS median_holding_ms,
    avg(t.leverage) FILTER (WHERE t.ended) AS average_leverage,
    (percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((t.leverage)::double precision)) FILTER (WHERE t.ended))::numeric AS median_leverage,
    avg(d.confidence) FILTER (WHERE t.ended) AS average_confidence,
    (percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((d.confidence)::double precision)) FILTER (WHERE t.ended))::numeric AS median_confidence,
    ((100.0 * (count(*) FILTER (WHERE (t.ended AND (t.side = 'LONG'::text))))::numeric) / (NULLIF(count(*) FILTER (WHERE t.ended), 0))::numeric) AS long_share_percent,
    avg((((d.confidence / (100)::numeric) - (((t.pnl > (0)::numeric))::integer)::numeric) ^ (2)::numeric)) FILTER (WHERE t.ended) AS brier
   FROM (( SELECT trades.id,
            trades.model,
            trades.symbol,
            trades.side,
            trades.entry_price,
            trades.exit_price,
            trades.position_size,
            trades.leverage,
            trades.entry_time,
            trades.exit_time,
            trades.pnl,
            trades.pnl_percent,
            trades.fees,
            trades.funding,
            trades.status,
            trades.close_reason,
            trades.entry_notional,
            trades.exit_notional,
            trades.gross_pnl,
            trades.stop_loss,
            trades.take_profit,
            trades.intent_id,
            trades.decision_id,
            trades.cycle_id,
            (trades.status <> 'OPEN'::text) AS ended
           FROM public.trades) t
     LEFT JOIN public.ai_decisions d ON ((d.id = t.decision_id)))
  GROUP BY t.model;
INSERT INTO public.account_books (model, since_ms, start_cash, equity, unrealized_pnl, realized_pnl, fees, funding, transfers, other, residual, residual_percent, above_since_ms, alerted_by, time_ms) VALUES ('qwen', 1795000019999, 10000, 9920.524119, 0, -90.025, 2.416781, -0.0341, 0, 0, 13.000000, 0.1310414635765273925443091804, 1795036020000, 'bc3a22485d74b0a4b80368f4ff12ddc3', 1795104420000);
INSERT INTO public.account_books (model, since_ms, start_cash, equity, unrealized_pnl, realized_pnl, fees, funding, transfers, other, residual, residual_percent, above_since_ms, alerted_by, time_ms) VALUES ('deepseek', 1795000019999, 10000, 9981.9376825, 7.625, -268.85, 7.3373175, 0, 250, -12.5, 13.0000000, 0.1302352350164554335765860458, 1795036020000, '7ce3f6abe1d5a58dd48add62efe0eccb', 1795104420000);
INSERT INTO public.account_movements (id, model, kind, amount, reason, coin, size, rate_hourly, time_ms) VALUES ('780749f7425d22ef988ba540aa2bb46c', 'qwen', 'funding', -0.0341, 'funding', 'BTC', 0.03, 0.0000125, 1795000023000);
INSERT INTO public.account_movements (id, model, kind, amount, reason, coin, size, rate_hourly, time_ms) VALUES ('b122aa8ec3685c1c7a3993c5a5ce31d8', 'deepseek', 'liquidation', -12.5, 'backstop', 'SOL', NULL, NULL, 1795000320100);
INSERT INTO public.account_movements (id, model, kind, amount, reason, coin, size, rate_hourly, time_ms) VALUES ('75fa56a2dc3a94282e71148ef7d07b0f', 'deepseek', 'transfer', 250, 'deposit', NULL, NULL, NULL, 1795000320300);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795000020500, 10000, 10000, 10000, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795000020500, 10000, 10000, 10000, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795000022000, 9996.9463, 9996.9463, 9996.9463, 545.7, -1.825, 0.003411041629782486677956847683, 'change', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795000088000, 9907.524119, 9907.524119, 9907.524119, 0, 0, 0, 'change', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795000380000, 9968.9376825, 9968.9376825, 9968.9376825, 338, 7.625, 0.002126605730239000317875645422, 'change', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795003620000, 9917.274119, 9917.274119, 9917.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795003620000, 9978.6876825, 9978.6876825, 9978.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795007220000, 9888.024119, 9888.024119, 9888.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795007220000, 9949.4376825, 9949.4376825, 9949.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795010820000, 9933.524119, 9933.524119, 9933.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795010820000, 9994.9376825, 9994.9376825, 9994.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795014420000, 9904.274119, 9904.274119, 9904.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795014420000, 9965.6876825, 9965.6876825, 9965.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795018020000, 9875.024119, 9875.024119, 9875.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795018020000, 9936.4376825, 9936.4376825, 9936.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795021620000, 9920.524119, 9920.524119, 9920.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795021620000, 9981.9376825, 9981.9376825, 9981.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795025220000, 9891.274119, 9891.274119, 9891.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795025220000, 9952.6876825, 9952.6876825, 9952.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795028820000, 9936.774119, 9936.774119, 9936.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795028820000, 9998.1876825, 9998.1876825, 9998.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795032420000, 9907.524119, 9907.524119, 9907.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795032420000, 9968.9376825, 9968.9376825, 9968.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795036020000, 9878.274119, 9878.274119, 9878.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795036020000, 9939.6876825, 9939.6876825, 9939.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795039620000, 9923.774119, 9923.774119, 9923.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795039620000, 9985.1876825, 9985.1876825, 9985.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795043220000, 9894.524119, 9894.524119, 9894.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795043220000, 9955.9376825, 9955.9376825, 9955.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795046820000, 9940.024119, 9940.024119, 9940.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795046820000, 10001.4376825, 10001.4376825, 10001.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795050420000, 9910.774119, 9910.774119, 9910.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795050420000, 9972.1876825, 9972.1876825, 9972.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795054020000, 9881.524119, 9881.524119, 9881.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795054020000, 9942.9376825, 9942.9376825, 9942.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795057620000, 9927.024119, 9927.024119, 9927.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795057620000, 9988.4376825, 9988.4376825, 9988.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795061220000, 9897.774119, 9897.774119, 9897.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795061220000, 9959.1876825, 9959.1876825, 9959.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795064820000, 9943.274119, 9943.274119, 9943.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795064820000, 10004.6876825, 10004.6876825, 10004.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795068420000, 9914.024119, 9914.024119, 9914.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795068420000, 9975.4376825, 9975.4376825, 9975.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795072020000, 9884.774119, 9884.774119, 9884.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795072020000, 9946.1876825, 9946.1876825, 9946.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795075620000, 9930.274119, 9930.274119, 9930.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795075620000, 9991.6876825, 9991.6876825, 9991.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795079220000, 9901.024119, 9901.024119, 9901.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795079220000, 9962.4376825, 9962.4376825, 9962.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795082820000, 9871.774119, 9871.774119, 9871.774119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795082820000, 9933.1876825, 9933.1876825, 9933.1876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795086420000, 9917.274119, 9917.274119, 9917.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795086420000, 9978.6876825, 9978.6876825, 9978.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795090020000, 9888.024119, 9888.024119, 9888.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795090020000, 9949.4376825, 9949.4376825, 9949.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795093620000, 9933.524119, 9933.524119, 9933.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795093620000, 9994.9376825, 9994.9376825, 9994.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795097220000, 9904.274119, 9904.274119, 9904.274119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795097220000, 9965.6876825, 9965.6876825, 9965.6876825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795100820000, 9875.024119, 9875.024119, 9875.024119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795100820000, 9936.4376825, 9936.4376825, 9936.4376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('qwen', 1795104420000, 9920.524119, 9920.524119, 9920.524119, 0, 0, 0, 'interval', 0, 10000);
INSERT INTO public.account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl, margin_ratio, cause, transfers, peak) VALUES ('deepseek', 1795104420000, 9981.9376825, 9981.9376825, 9981.9376825, 0, 7.625, 0, 'interval', 250, 10000);
INSERT INTO public.accounts (model, address, start_balance, equity, balance, available_balance, margin_used, maintenance_margin, unrealized_pnl, total_notional, margin_ratio, time_ms, start_ms, transfers, start_transfers, peak) VALUES ('qwen', '0xqwen', 10000, 9920.524119, 9920.524119, 9920.524119, 0, 0, 0, 0, 0, 1795104420000, 1795000020500, 0, 0, 10000);
INSERT INTO public.accounts (model, address, start_balance, equity, balance, available_balance, margin_used, maintenance_margin, unrealized_pnl, total_notional, margin_ratio, time_ms, start_ms, transfers, start_transfers, peak) VALUES ('deepseek', '0xdeepseek', 10000, 9981.9376825, 9981.9376825, 9981.9376825, 0, 0, 7.625, 0, 0, 1795104420000, 1795000020500, 250, 0, 10000);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('3e3e9c21c4e965aa3ed676dd1486ada8', 'qwen', 'r-0', 1795000020000, 'answered', 'LONG', 'BTC', 5, 10, 72, 'because', NULL, NULL, NULL, true, 'APPROVED', NULL, NULL, NULL, 500, 'm', true, 'trend-v1', 'h', 'p', 's', 'u r-0', '{}', NULL, '{}', 1, '{"cached_tokens": 0, "prompt_tokens": 100, "completion_tokens": 10}', 0.001, '2026-11-18 11:07:00.25+00', 1795000020500);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('45e33e257b07d21b4cd0e606712e9ece', 'qwen', 'r-1', 1795000080000, 'answered', 'LONG', 'ETH', 5, 10, 61, 'because', NULL, NULL, NULL, false, 'DENIED', 'LEVERAGE', NULL, NULL, 500, 'm', true, 'trend-v1', 'h', 'p', 's', 'u r-1', '{}', NULL, '{}', 1, '{"cached_tokens": 0, "prompt_tokens": 100, "completion_tokens": 10}', 0.001, '2026-11-18 11:08:00.25+00', 1795000080500);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('daf9499204bf3dc753c823e8dda3fea4', 'qwen', 'r-2', 1795000140000, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, 'TIMEOUT', 'no answer within 45 s', 500, 'm', true, 'trend-v1', 'h', 'p', 's', 'u r-1', NULL, NULL, '{}', 1, NULL, NULL, '2026-11-18 11:09:45.25+00', 1795000185000);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('c5f27b374479584b86adfeee5818feab', 'qwen', 'r-3', 1795000200000, 'skipped', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, 'STILL_WAITING', 'the answer before is awaited', NULL, 'm', true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 1, NULL, NULL, '2026-11-18 11:10:00.25+00', 1795000200005);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('85f0aa9b3c45b5cec101795fc21b6d36', 'deepseek', 'r-0', 1795000020000, 'answered', 'SHORT', 'ETH', 5, 10, 80, 'because', NULL, NULL, NULL, true, 'APPROVED', NULL, NULL, NULL, 500, 'm', true, 'trend-v1', 'h', 'p', 's', 'u r-0', '{}', NULL, '{}', 1, '{"cached_tokens": 0, "prompt_tokens": 100, "completion_tokens": 10}', 0.001, '2026-11-18 11:07:00.25+00', 1795000020500);
INSERT INTO public.ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, leverage, position_size_percent, confidence, reasoning, stop_loss, take_profit, invalidation_condition, executed, verdict, denial_code, failure_code, failure_reason, latency_ms, provider_model, stand_in, strategy, strategy_hash, prompt_hash, prompt_system, prompt_user, raw_response, reasoning_content, dropped_keys, attempts, usage, cost_usd, created_at, recorded_ms) VALUES ('da6aea046fbbebcd2f0a1600e1bf5025', 'deepseek', 'r-9', 1795000260000, 'answered', 'LONG', 'SOL', 5, 10, 90, 'because', NULL, NULL, NULL, true, 'APPROVED', NULL, NULL, NULL, 500, 'm', true, 'trend-v1', 'h', 'p', 's', 'u r-9', '{}', NULL, '{}', 1, '{"cached_tokens": 0, "prompt_tokens": 100, "completion_tokens": 10}', 0.001, '2026-11-18 11:11:00.25+00', 1795000260500);
INSERT INTO public.alerts (id, code, severity, service, model, message, figures, time_ms) VALUES ('93a56a965738700ceb575934259a36a3', 'HALTED', 'critical', 'executor', 'qwen', 'halted by hand', '{"open": "1"}', 1795000440000);
INSERT INTO public.benchmark_base (symbol, time_ms, mid_price) VALUES ('BTC', 1795000140000, 91002);
INSERT INTO public.benchmark_base (symbol, time_ms, mid_price) VALUES ('ETH', 1795000140000, 3052.5);
INSERT INTO public.benchmark_base (symbol, time_ms, mid_price) VALUES ('SOL', 1795000140000, 142.25);
INSERT INTO public.benchmarks (name, growth, time_ms) VALUES ('btc_hold', 0.99865937012373354432, 1795104780000);
INSERT INTO public.benchmarks (name, growth, time_ms) VALUES ('equal_weight', 0.70034904631461326617, 1795104780000);
INSERT INTO public.commands (id, command, model, reason, requested_by, time_ms) VALUES ('964088d403aed0033dd01d8561c1cb57', 'halt', 'qwen', 'a look', 'api', 1795000440000);
INSERT INTO public.decision_days (model, day_ms, decisions, prompt_tokens, completion_tokens, cost_usd, latency_ms, latencies) VALUES ('qwen', 1794960000000, 4, 200, 20, 0.002, 1500, 3);
INSERT INTO public.decision_days (model, day_ms, decisions, prompt_tokens, completion_tokens, cost_usd, latency_ms, latencies) VALUES ('deepseek', 1794960000000, 2, 200, 20, 0.002, 1000, 2);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795086000000, 9978.6876825, 1795086420000, 9978.6876825, 1795086420000, 9978.6876825, 1795086420000, 250, 0.02713123175000000000, 1795086420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1794999600000, 9907.524119, 1795000088000, 10000, 1795000020500, 9907.524119, 1795000088000, 0, 0.00924758810000000000, 1795000088000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1794999600000, 9968.9376825, 1795000380000, 10000, 1795000020500, 9968.9376825, 1795000380000, 250, 0.02810623175000000000, 1795000380000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795003200000, 9917.274119, 1795003620000, 9917.274119, 1795003620000, 9917.274119, 1795003620000, 0, 0.00827258810000000000, 1795003620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795003200000, 9978.6876825, 1795003620000, 9978.6876825, 1795003620000, 9978.6876825, 1795003620000, 250, 0.02713123175000000000, 1795003620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795006800000, 9888.024119, 1795007220000, 9888.024119, 1795007220000, 9888.024119, 1795007220000, 0, 0.01119758810000000000, 1795007220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795006800000, 9949.4376825, 1795007220000, 9949.4376825, 1795007220000, 9949.4376825, 1795007220000, 250, 0.03005623175000000000, 1795007220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795010400000, 9933.524119, 1795010820000, 9933.524119, 1795010820000, 9933.524119, 1795010820000, 0, 0.00664758810000000000, 1795010820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795010400000, 9994.9376825, 1795010820000, 9994.9376825, 1795010820000, 9994.9376825, 1795010820000, 250, 0.02550623175000000000, 1795010820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795014000000, 9904.274119, 1795014420000, 9904.274119, 1795014420000, 9904.274119, 1795014420000, 0, 0.00957258810000000000, 1795014420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795014000000, 9965.6876825, 1795014420000, 9965.6876825, 1795014420000, 9965.6876825, 1795014420000, 250, 0.02843123175000000000, 1795014420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795017600000, 9875.024119, 1795018020000, 9875.024119, 1795018020000, 9875.024119, 1795018020000, 0, 0.01249758810000000000, 1795018020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795017600000, 9936.4376825, 1795018020000, 9936.4376825, 1795018020000, 9936.4376825, 1795018020000, 250, 0.03135623175000000000, 1795018020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795021200000, 9920.524119, 1795021620000, 9920.524119, 1795021620000, 9920.524119, 1795021620000, 0, 0.00794758810000000000, 1795021620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795021200000, 9981.9376825, 1795021620000, 9981.9376825, 1795021620000, 9981.9376825, 1795021620000, 250, 0.02680623175000000000, 1795021620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795024800000, 9891.274119, 1795025220000, 9891.274119, 1795025220000, 9891.274119, 1795025220000, 0, 0.01087258810000000000, 1795025220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795024800000, 9952.6876825, 1795025220000, 9952.6876825, 1795025220000, 9952.6876825, 1795025220000, 250, 0.02973123175000000000, 1795025220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795028400000, 9936.774119, 1795028820000, 9936.774119, 1795028820000, 9936.774119, 1795028820000, 0, 0.00632258810000000000, 1795028820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795028400000, 9998.1876825, 1795028820000, 9998.1876825, 1795028820000, 9998.1876825, 1795028820000, 250, 0.02518123175000000000, 1795028820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795032000000, 9907.524119, 1795032420000, 9907.524119, 1795032420000, 9907.524119, 1795032420000, 0, 0.00924758810000000000, 1795032420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795032000000, 9968.9376825, 1795032420000, 9968.9376825, 1795032420000, 9968.9376825, 1795032420000, 250, 0.02810623175000000000, 1795032420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795035600000, 9878.274119, 1795036020000, 9878.274119, 1795036020000, 9878.274119, 1795036020000, 0, 0.01217258810000000000, 1795036020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795035600000, 9939.6876825, 1795036020000, 9939.6876825, 1795036020000, 9939.6876825, 1795036020000, 250, 0.03103123175000000000, 1795036020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795039200000, 9923.774119, 1795039620000, 9923.774119, 1795039620000, 9923.774119, 1795039620000, 0, 0.00762258810000000000, 1795039620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795039200000, 9985.1876825, 1795039620000, 9985.1876825, 1795039620000, 9985.1876825, 1795039620000, 250, 0.02648123175000000000, 1795039620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795042800000, 9894.524119, 1795043220000, 9894.524119, 1795043220000, 9894.524119, 1795043220000, 0, 0.01054758810000000000, 1795043220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795042800000, 9955.9376825, 1795043220000, 9955.9376825, 1795043220000, 9955.9376825, 1795043220000, 250, 0.02940623175000000000, 1795043220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795046400000, 9940.024119, 1795046820000, 9940.024119, 1795046820000, 9940.024119, 1795046820000, 0, 0.00599758810000000000, 1795046820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795046400000, 10001.4376825, 1795046820000, 10001.4376825, 1795046820000, 10001.4376825, 1795046820000, 250, 0.02485623175000000000, 1795046820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795050000000, 9910.774119, 1795050420000, 9910.774119, 1795050420000, 9910.774119, 1795050420000, 0, 0.00892258810000000000, 1795050420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795050000000, 9972.1876825, 1795050420000, 9972.1876825, 1795050420000, 9972.1876825, 1795050420000, 250, 0.02778123175000000000, 1795050420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795053600000, 9881.524119, 1795054020000, 9881.524119, 1795054020000, 9881.524119, 1795054020000, 0, 0.01184758810000000000, 1795054020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795053600000, 9942.9376825, 1795054020000, 9942.9376825, 1795054020000, 9942.9376825, 1795054020000, 250, 0.03070623175000000000, 1795054020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795057200000, 9927.024119, 1795057620000, 9927.024119, 1795057620000, 9927.024119, 1795057620000, 0, 0.00729758810000000000, 1795057620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795057200000, 9988.4376825, 1795057620000, 9988.4376825, 1795057620000, 9988.4376825, 1795057620000, 250, 0.02615623175000000000, 1795057620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795060800000, 9897.774119, 1795061220000, 9897.774119, 1795061220000, 9897.774119, 1795061220000, 0, 0.01022258810000000000, 1795061220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795060800000, 9959.1876825, 1795061220000, 9959.1876825, 1795061220000, 9959.1876825, 1795061220000, 250, 0.02908123175000000000, 1795061220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795064400000, 9943.274119, 1795064820000, 9943.274119, 1795064820000, 9943.274119, 1795064820000, 0, 0.00567258810000000000, 1795064820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795064400000, 10004.6876825, 1795064820000, 10004.6876825, 1795064820000, 10004.6876825, 1795064820000, 250, 0.02453123175000000000, 1795064820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795068000000, 9914.024119, 1795068420000, 9914.024119, 1795068420000, 9914.024119, 1795068420000, 0, 0.00859758810000000000, 1795068420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795068000000, 9975.4376825, 1795068420000, 9975.4376825, 1795068420000, 9975.4376825, 1795068420000, 250, 0.02745623175000000000, 1795068420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795071600000, 9884.774119, 1795072020000, 9884.774119, 1795072020000, 9884.774119, 1795072020000, 0, 0.01152258810000000000, 1795072020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795071600000, 9946.1876825, 1795072020000, 9946.1876825, 1795072020000, 9946.1876825, 1795072020000, 250, 0.03038123175000000000, 1795072020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795075200000, 9930.274119, 1795075620000, 9930.274119, 1795075620000, 9930.274119, 1795075620000, 0, 0.00697258810000000000, 1795075620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795075200000, 9991.6876825, 1795075620000, 9991.6876825, 1795075620000, 9991.6876825, 1795075620000, 250, 0.02583123175000000000, 1795075620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795078800000, 9901.024119, 1795079220000, 9901.024119, 1795079220000, 9901.024119, 1795079220000, 0, 0.00989758810000000000, 1795079220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795078800000, 9962.4376825, 1795079220000, 9962.4376825, 1795079220000, 9962.4376825, 1795079220000, 250, 0.02875623175000000000, 1795079220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795082400000, 9871.774119, 1795082820000, 9871.774119, 1795082820000, 9871.774119, 1795082820000, 0, 0.01282258810000000000, 1795082820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795082400000, 9933.1876825, 1795082820000, 9933.1876825, 1795082820000, 9933.1876825, 1795082820000, 250, 0.03168123175000000000, 1795082820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795086000000, 9917.274119, 1795086420000, 9917.274119, 1795086420000, 9917.274119, 1795086420000, 0, 0.00827258810000000000, 1795086420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795089600000, 9888.024119, 1795090020000, 9888.024119, 1795090020000, 9888.024119, 1795090020000, 0, 0.01119758810000000000, 1795090020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795089600000, 9949.4376825, 1795090020000, 9949.4376825, 1795090020000, 9949.4376825, 1795090020000, 250, 0.03005623175000000000, 1795090020000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795093200000, 9933.524119, 1795093620000, 9933.524119, 1795093620000, 9933.524119, 1795093620000, 0, 0.00664758810000000000, 1795093620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795093200000, 9994.9376825, 1795093620000, 9994.9376825, 1795093620000, 9994.9376825, 1795093620000, 250, 0.02550623175000000000, 1795093620000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795096800000, 9904.274119, 1795097220000, 9904.274119, 1795097220000, 9904.274119, 1795097220000, 0, 0.00957258810000000000, 1795097220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795096800000, 9965.6876825, 1795097220000, 9965.6876825, 1795097220000, 9965.6876825, 1795097220000, 250, 0.02843123175000000000, 1795097220000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795100400000, 9875.024119, 1795100820000, 9875.024119, 1795100820000, 9875.024119, 1795100820000, 0, 0.01249758810000000000, 1795100820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795100400000, 9936.4376825, 1795100820000, 9936.4376825, 1795100820000, 9936.4376825, 1795100820000, 250, 0.03135623175000000000, 1795100820000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('qwen', 1795104000000, 9920.524119, 1795104420000, 9920.524119, 1795104420000, 9920.524119, 1795104420000, 0, 0.00794758810000000000, 1795104420000);
INSERT INTO public.equity_hours (model, hour_ms, low, low_ms, high, high_ms, last, last_ms, transfers, drawdown, drawdown_ms) VALUES ('deepseek', 1795104000000, 9981.9376825, 1795104420000, 9981.9376825, 1795104420000, 9981.9376825, 1795104420000, 250, 0.02680623175000000000, 1795104420000);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('7fbea051ebcfe8b6d6cdcd7894692f2c', 'qwen', 'BTC', 12, 12, NULL, '194369a3cd72defce0ec9d518a5dabdc', 'r-0', 'entry', 'BUY', 91011, 0.02, 0.819099, 0, 0.01, '', true, false, 1795000021001, 1795000021021);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('713b8e17298dc74f8bcdbd6abb7cf707', 'qwen', 'BTC', 13, 13, NULL, '194369a3cd72defce0ec9d518a5dabdc', 'r-0', 'stop', 'SELL', 88010, 0.03, 1.188135, -90.025, 0.03, '', true, false, 1795000087000, 1795000087020);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('97df6b840fad3359cdff55c4d6dbbfeb', 'deepseek', 'ETH', 21, 21, NULL, '4a9d0be450835955e35ca4eef74bd2e2', 'r-0', 'entry', 'SELL', 3050.1, 1.5, 2.0588175, 0, 0, '', true, false, 1795000021500, 1795000021520);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('49ec8d4808aceb39478718ce151c019e', 'deepseek', 'ETH', 22, 22, NULL, NULL, NULL, 'unknown', 'BUY', 3040, 2, 2.736, 15.15, -1.5, '', true, false, 1795000082000, 1795000082020);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('f42cb60a49009b5acb32a7f6cf6b9b80', 'deepseek', 'SOL', 23, 23, NULL, 'b55cfb84900ed1b3c4002543fd196223', 'r-9', 'entry', 'BUY', 144.3, 20, 1.2987, 0, 0, '', true, false, 1795000260900, 1795000260920);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('388e0990097a7e15195ce3e6669a3434', 'deepseek', 'SOL', 24, 24, NULL, NULL, NULL, 'unknown', 'SELL', 130.1, 20, 1.1709, -284, 20, '', true, true, 1795000320100, 1795000320120);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('62137e183c4a6d282e1a363ba11a1cf5', 'deepseek', 'DOGE', 25, 25, NULL, NULL, NULL, 'unknown', 'BUY', 0.162, 1000, 0.0729, 0, 0, '', true, false, 1795000321000, 1795000321020);
INSERT INTO public.fills (id, model, symbol, trade_id, order_id, client_order_id, intent_id, cycle_id, role, side, price, size, fee, closed_pnl, start_position, direction, crossed, is_liquidation, time_ms, recorded_ms) VALUES ('b76556ace3161c5b048d3b473cef01ff', 'qwen', 'BTC', 11, 11, NULL, '194369a3cd72defce0ec9d518a5dabdc', 'r-0', 'entry', 'BUY', 91010.5, 0.01, 0.409547, 0, 0, '', true, false, 1795000021000, NULL);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1794999900000, 'BTC', 1795000140000, 91002);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1794999900000, 'ETH', 1795000140000, 3052.5);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1794999900000, 'SOL', 1795000140000, 142.25);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795000200000, 'BTC', 1795000320000, 91005);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795000200000, 'ETH', 1795000320000, 3055.5);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795000200000, 'SOL', 1795000320000, 145.25);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104300000, 'BTC', 1795104480000, 91050);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104300000, 'ETH', 1795104480000, 3100.5);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104300000, 'SOL', 1795104480000, 190.25);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104600000, 'BTC', 1795104780000, 90880);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104600000, 'ETH', 1795104780000, 2930.5);
INSERT INTO public.market_prices (bucket_ms, symbol, time_ms, mid_price) VALUES (1795104600000, 'SOL', 1795104780000, 20.25);
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-0', 1795000020000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91000.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91000", "mark_price": "91000", "spread_bps": 1.0, "oracle_price": "91000", "day_volume_usd": "1", "prev_day_price": "91000", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3050.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3050.5", "mark_price": "3050.5", "spread_bps": 1.0, "oracle_price": "3050.5", "day_volume_usd": "1", "prev_day_price": "3050.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 140.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "140.25", "mark_price": "140.25", "spread_bps": 1.0, "oracle_price": "140.25", "day_volume_usd": "1", "prev_day_price": "140.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000020000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000020000, "cycle_number": 29916667, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-1', 1795000080000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91001.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91001", "mark_price": "91001", "spread_bps": 1.0, "oracle_price": "91001", "day_volume_usd": "1", "prev_day_price": "91001", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3051.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3051.5", "mark_price": "3051.5", "spread_bps": 1.0, "oracle_price": "3051.5", "day_volume_usd": "1", "prev_day_price": "3051.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 141.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "141.25", "mark_price": "141.25", "spread_bps": 1.0, "oracle_price": "141.25", "day_volume_usd": "1", "prev_day_price": "141.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000080000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000080000, "cycle_number": 29916668, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-2', 1795000140000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91002.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91002", "mark_price": "91002", "spread_bps": 1.0, "oracle_price": "91002", "day_volume_usd": "1", "prev_day_price": "91002", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3052.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3052.5", "mark_price": "3052.5", "spread_bps": 1.0, "oracle_price": "3052.5", "day_volume_usd": "1", "prev_day_price": "3052.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 142.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "142.25", "mark_price": "142.25", "spread_bps": 1.0, "oracle_price": "142.25", "day_volume_usd": "1", "prev_day_price": "142.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000140000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000140000, "cycle_number": 29916669, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-3', 1795000200000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91003.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91003", "mark_price": "91003", "spread_bps": 1.0, "oracle_price": "91003", "day_volume_usd": "1", "prev_day_price": "91003", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3053.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3053.5", "mark_price": "3053.5", "spread_bps": 1.0, "oracle_price": "3053.5", "day_volume_usd": "1", "prev_day_price": "3053.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 143.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "143.25", "mark_price": "143.25", "spread_bps": 1.0, "oracle_price": "143.25", "day_volume_usd": "1", "prev_day_price": "143.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000200000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000200000, "cycle_number": 29916670, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-4', 1795000260000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91004.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91004", "mark_price": "91004", "spread_bps": 1.0, "oracle_price": "91004", "day_volume_usd": "1", "prev_day_price": "91004", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3054.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3054.5", "mark_price": "3054.5", "spread_bps": 1.0, "oracle_price": "3054.5", "day_volume_usd": "1", "prev_day_price": "3054.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 144.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "144.25", "mark_price": "144.25", "spread_bps": 1.0, "oracle_price": "144.25", "day_volume_usd": "1", "prev_day_price": "144.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000260000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000260000, "cycle_number": 29916671, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-5', 1795000320000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91005.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91005", "mark_price": "91005", "spread_bps": 1.0, "oracle_price": "91005", "day_volume_usd": "1", "prev_day_price": "91005", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3055.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3055.5", "mark_price": "3055.5", "spread_bps": 1.0, "oracle_price": "3055.5", "day_volume_usd": "1", "prev_day_price": "3055.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 145.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "145.25", "mark_price": "145.25", "spread_bps": 1.0, "oracle_price": "145.25", "day_volume_usd": "1", "prev_day_price": "145.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795000320000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795000320000, "cycle_number": 29916672, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-29h', 1795104480000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 91050.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "91050", "mark_price": "91050", "spread_bps": 1.0, "oracle_price": "91050", "day_volume_usd": "1", "prev_day_price": "91050", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 3100.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "3100.5", "mark_price": "3100.5", "spread_bps": 1.0, "oracle_price": "3100.5", "day_volume_usd": "1", "prev_day_price": "3100.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 190.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "190.25", "mark_price": "190.25", "spread_bps": 1.0, "oracle_price": "190.25", "day_volume_usd": "1", "prev_day_price": "190.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795104480000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795104480000, "cycle_number": 29918408, "missed_cycles": 0}');
INSERT INTO public.market_snapshots (cycle_id, time_ms, summary) VALUES ('r-29h5', 1795104780000, '{"coins": [{"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 90880.0, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "BTC", "premium": null, "imbalance": 0.0, "mid_price": "90880", "mark_price": "90880", "spread_bps": 1.0, "oracle_price": "90880", "day_volume_usd": "1", "prev_day_price": "90880", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 2930.5, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "ETH", "premium": null, "imbalance": 0.0, "mid_price": "2930.5", "mark_price": "2930.5", "spread_bps": 1.0, "oracle_price": "2930.5", "day_volume_usd": "1", "prev_day_price": "2930.5", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}, {"flow": {"buy_usd": 1.0, "sell_usd": 1.0, "window_s": 60}, "series": {"1h": {"macd": null, "rsi7": null, "atr14": 2.0, "close": 20.25, "ema20": 1.5, "ema50": null, "rsi14": 55.0}}, "symbol": "SOL", "premium": null, "imbalance": 0.0, "mid_price": "20.25", "mark_price": "20.25", "spread_bps": 1.0, "oracle_price": "20.25", "day_volume_usd": "1", "prev_day_price": "20.25", "open_interest_coin": "1", "funding_rate_hourly": "0.0000125", "open_interest_average_coin": null}], "partial": false, "sentiment": {"time_ms": 1795104780000, "fear_greed": 40, "classification": "Fear"}, "boundary_ms": 1795104780000, "cycle_number": 29918413, "missed_cycles": 0}');
INSERT INTO public.model_statistics (model, trades, fees, funding, net_realized, win_rate_percent, biggest_win, biggest_loss, profit_factor, expectancy, average_trade_notional, median_trade_notional, average_holding_ms, median_holding_ms, average_leverage, median_leverage, average_confidence, median_confidence, long_share_percent, brier, long_ms, short_ms, shares_ms, open_longs, open_shorts, decisions, prompt_tokens, completion_tokens, cost_usd, average_latency_ms, max_drawdown, returns_ms, sharpe, sortino, band_low, band_high) VALUES ('qwen', 1, 2.41678100, 0.0341, -92.47588100, 0.00000000000000000000, NULL, -92.47588100, NULL, -92.4758810000000000, 2730.3250000000000000, 2730.325, 66000, 66000, 5.0000000000000000, 5, 72.0000000000000000, 72, 100.0000000000000000, 0.51840000000000000000, 66000, 0, 1795000087000, 0, 0, 4, 200, 20, 0.002, 500.0000000000000000, 0.01282258810000000000, 1795104000000, -10.047731520830261, -14.057168786070582, -0.040691930684291396, 0.01254964636347735);
INSERT INTO public.model_statistics (model, trades, fees, funding, net_realized, win_rate_percent, biggest_win, biggest_loss, profit_factor, expectancy, average_trade_notional, median_trade_notional, average_holding_ms, median_holding_ms, average_leverage, median_leverage, average_confidence, median_confidence, long_share_percent, brier, long_ms, short_ms, shares_ms, open_longs, open_shorts, decisions, prompt_tokens, completion_tokens, cost_usd, average_latency_ms, max_drawdown, returns_ms, sharpe, sortino, band_low, band_high) VALUES ('deepseek', 2, 7.33731750, 0, -276.18731750, 50.0000000000000000, 11.03918250, -286.46960000, 0.03853526691837458495, -137.7152087500000000, 3730.5750000000000000, 3730.575, 59850, 59850, 7.5000000000000000, 7.5, 85.0000000000000000, 85, 50.0000000000000000, 0.42500000000000000000, 239000, 60500, 1795000321000, 2, 0, 2, 200, 20, 0.002, 500.0000000000000000, 0.03168123175000000000, 1795104000000, -15.878700899298627, -17.692585729245778, -0.0969018479897246, 0.01279450862083269);
INSERT INTO public.orders (client_order_id, model, intent_id, cycle_id, order_id, symbol, role, side, size, price, trigger_price, reduce_only, status, status_rank, reason, time_ms) VALUES ('0x01', 'qwen', '194369a3cd72defce0ec9d518a5dabdc', 'r-0', 1000, 'BTC', 'entry', 'BUY', 0.03, 91100, NULL, false, 'accepted', 1, NULL, 1795000020000);
INSERT INTO public.orders (client_order_id, model, intent_id, cycle_id, order_id, symbol, role, side, size, price, trigger_price, reduce_only, status, status_rank, reason, time_ms) VALUES ('0x02', 'qwen', '194369a3cd72defce0ec9d518a5dabdc', 'r-0', 1001, 'BTC', 'stop', 'SELL', 0.03, 87000, 88000, true, 'accepted', 1, NULL, 1795000020000);
INSERT INTO public.orders (client_order_id, model, intent_id, cycle_id, order_id, symbol, role, side, size, price, trigger_price, reduce_only, status, status_rank, reason, time_ms) VALUES ('0x31', 'deepseek', 'b55cfb84900ed1b3c4002543fd196223', 'r-9', NULL, 'SOL', 'target', NULL, NULL, NULL, NULL, NULL, 'rejected', 3, 'tick size', 1795000260000);
INSERT INTO public.positions (model, symbol, side, position_size, entry_price, mark_price, leverage, notional, unrealized_pnl, liquidation_price, initial_margin, stop_loss, take_profit, protected, funding, intent_id, cycle_id, opened_at, updated_at) VALUES ('deepseek', 'ETH', 'LONG', 0.5, 3040, 3052.25, 5, 1526.125, 6.125, 2492.80, 305.225, 2918.40, 3283.20, true, 0.031, NULL, NULL, NULL, 1795104420000);
INSERT INTO public.positions (model, symbol, side, position_size, entry_price, mark_price, leverage, notional, unrealized_pnl, liquidation_price, initial_margin, stop_loss, take_profit, protected, funding, intent_id, cycle_id, opened_at, updated_at) VALUES ('deepseek', 'DOGE', 'LONG', 1000, 0.162, 0.1635, 5, 163.5000, 1.5000, 0.13284, 32.7000, 0.15552, 0.17496, true, 0.031, NULL, NULL, 1795000321000, 1795104420000);
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0001_record.sql', '5e48c3cf292d0486af85121011eec86fe2646f412e46109278ad765e10b5b9d9', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0002_opened_at.sql', 'bb9b6eb27a65ee2804b37c0c9c463fa5eb2504056d7d005f6418760a384ea9e8', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0003_statistics.sql', '80efbe9482a4f21fb8db33cc3da5e916a316996abc0b57f8811643036356e4e6', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0004_books.sql', 'de6b29cc6d4a8b6f039f3fc94215df1268b0cb494a45c3afc6f9d8753782f539', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0004_operations.sql', '4d8c6002573f36918610ded6e172d4c970ce7c4479505b8ff3182d37524b0bed', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0009_void_approvals.sql', 'f65d90de82ff78239cdcd78c6554ff523eb5fb5d81bbf7393424b6a2c545d712', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0010_residual.sql', '6c5e9985f432c5a6c4b0408257de7eed668d004e8c62dba86eb082900765cafd', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0011_total_pnl.sql', '716ecf54540a540661c5a16c2b2d2230ae50cdc872e266a6d468321cf4d040cc', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0012_running_peak.sql', '8fa985279476bc60bd7f6f9abeaacdd4196a069a61cfbadaab39ddeaa09c4b7d', '2026-11-22 00:00:00+00');
INSERT INTO public.schema_migrations (owner, name, checksum, applied_at) VALUES ('recorder', '0013_margin_kept.sql', '51f4586e30c8545d00992ba897b521a6a101388a54d5066eb1a0d66a08f1e059', '2026-11-22 00:00:00+00');
INSERT INTO public.trades (id, model, symbol, side, entry_price, exit_price, position_size, leverage, entry_time, exit_time, pnl, pnl_percent, fees, funding, status, close_reason, entry_notional, exit_notional, gross_pnl, stop_loss, take_profit, intent_id, decision_id, cycle_id) VALUES ('b76556ace3161c5b048d3b473cef01ff', 'qwen', 'BTC', 'LONG', 91010.83333333333333333333333, 88010, 0.03, 5, 1795000021000, 1795000087000, -92.47588100, -16.93495847563934696418924487, 2.41678100, 0.0341, 'CLOSED', 'stop_loss', 2730.325, 2640.30, -90.025, NULL, NULL, '194369a3cd72defce0ec9d518a5dabdc', '3e3e9c21c4e965aa3ed676dd1486ada8', 'r-0');
INSERT INTO public.trades (id, model, symbol, side, entry_price, exit_price, position_size, leverage, entry_time, exit_time, pnl, pnl_percent, fees, funding, status, close_reason, entry_notional, exit_notional, gross_pnl, stop_loss, take_profit, intent_id, decision_id, cycle_id) VALUES ('97df6b840fad3359cdff55c4d6dbbfeb', 'deepseek', 'ETH', 'SHORT', 3050.1, 3040, 1.5, 5, 1795000021500, 1795000082000, 11.03918250, 1.206428477754827710566866660, 4.11081750, 0, 'CLOSED', 'external', 4575.15, 4560.0, 15.15, NULL, NULL, '4a9d0be450835955e35ca4eef74bd2e2', '85f0aa9b3c45b5cec101795fc21b6d36', 'r-0');
INSERT INTO public.trades (id, model, symbol, side, entry_price, exit_price, position_size, leverage, entry_time, exit_time, pnl, pnl_percent, fees, funding, status, close_reason, entry_notional, exit_notional, gross_pnl, stop_loss, take_profit, intent_id, decision_id, cycle_id) VALUES ('49ec8d4808aceb39478718ce151c019e', 'deepseek', 'ETH', 'LONG', 3040, NULL, 0.5, NULL, 1795000082000, NULL, NULL, NULL, 0.68400000, 0, 'OPEN', NULL, 1520.0, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.trades (id, model, symbol, side, entry_price, exit_price, position_size, leverage, entry_time, exit_time, pnl, pnl_percent, fees, funding, status, close_reason, entry_notional, exit_notional, gross_pnl, stop_loss, take_profit, intent_id, decision_id, cycle_id) VALUES ('f42cb60a49009b5acb32a7f6cf6b9b80', 'deepseek', 'SOL', 'LONG', 144.3, 130.1, 20, 10, 1795000260900, 1795000320100, -286.46960000, -99.26181566181566181566181566, 2.46960000, 0, 'LIQUIDATED', 'liquidation', 2886.0, 2602.0, -284, NULL, NULL, 'b55cfb84900ed1b3c4002543fd196223', 'da6aea046fbbebcd2f0a1600e1bf5025', 'r-9');
INSERT INTO public.trades (id, model, symbol, side, entry_price, exit_price, position_size, leverage, entry_time, exit_time, pnl, pnl_percent, fees, funding, status, close_reason, entry_notional, exit_notional, gross_pnl, stop_loss, take_profit, intent_id, decision_id, cycle_id) VALUES ('62137e183c4a6d282e1a363ba11a1cf5', 'deepseek', 'DOGE', 'LONG', 0.162, NULL, 1000, NULL, 1795000321000, NULL, NULL, NULL, 0.07290000, 0, 'OPEN', NULL, 162.000, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.verdicts (id, model, decision_id, cycle_id, leg, verdict, code, symbol, rules, intent, time_ms) VALUES ('194369a3cd72defce0ec9d518a5dabdc', 'qwen', '3e3e9c21c4e965aa3ed676dd1486ada8', 'r-0', 'entry', 'APPROVED', NULL, 'BTC', '[{"code": "LEVERAGE", "limit": "11", "value": "5", "detail": null, "passed": true, "setting": "MAX_LEVERAGE"}]', '{"side": "BUY", "symbol": "BTC", "leverage": 5, "size_coin": "1", "mark_price": "1", "limit_price": "1", "reduce_only": false, "notional_usd": "1", "valid_until_ms": null, "stop_loss_price": null, "watched_after_ms": null, "take_profit_price": null, "initial_margin_usd": "1", "invalidation_condition": null}', 1795000020503);
INSERT INTO public.verdicts (id, model, decision_id, cycle_id, leg, verdict, code, symbol, rules, intent, time_ms) VALUES ('28b6a74985235c0ad2fa87a62968c094', 'qwen', '45e33e257b07d21b4cd0e606712e9ece', 'r-1', 'entry', 'DENIED', 'LEVERAGE', 'ETH', '[{"code": "LEVERAGE", "limit": "10", "value": "12", "detail": "12 is above 10", "passed": false, "setting": "MAX_LEVERAGE"}]', NULL, 1795000080504);
INSERT INTO public.verdicts (id, model, decision_id, cycle_id, leg, verdict, code, symbol, rules, intent, time_ms) VALUES ('4a9d0be450835955e35ca4eef74bd2e2', 'deepseek', '85f0aa9b3c45b5cec101795fc21b6d36', 'r-0', 'entry', 'APPROVED', NULL, 'ETH', '[{"code": "LEVERAGE", "limit": "11", "value": "5", "detail": null, "passed": true, "setting": "MAX_LEVERAGE"}]', '{"side": "SELL", "symbol": "ETH", "leverage": 5, "size_coin": "1", "mark_price": "1", "limit_price": "1", "reduce_only": false, "notional_usd": "1", "valid_until_ms": null, "stop_loss_price": null, "watched_after_ms": null, "take_profit_price": null, "initial_margin_usd": "1", "invalidation_condition": null}', 1795000020503);
INSERT INTO public.verdicts (id, model, decision_id, cycle_id, leg, verdict, code, symbol, rules, intent, time_ms) VALUES ('b55cfb84900ed1b3c4002543fd196223', 'deepseek', 'da6aea046fbbebcd2f0a1600e1bf5025', 'r-9', 'entry', 'APPROVED', NULL, 'SOL', '[{"code": "LEVERAGE", "limit": "11", "value": "5", "detail": null, "passed": true, "setting": "MAX_LEVERAGE"}]', '{"side": "BUY", "symbol": "SOL", "leverage": 10, "size_coin": "1", "mark_price": "1", "limit_price": "1", "reduce_only": false, "notional_usd": "1", "valid_until_ms": null, "stop_loss_price": null, "watched_after_ms": null, "take_profit_price": null, "initial_margin_usd": "1", "invalidation_condition": null}', 1795000260503);
ALTER TABLE ONLY public.account_books
    ADD CONSTRAINT account_books_pkey PRIMARY KEY (model);
ALTER TABLE ONLY public.account_movements
    ADD CONSTRAINT account_movements_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_snapshots
    ADD CONSTRAINT account_snapshots_pkey PRIMARY KEY (model, time_ms);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (model);
ALTER TABLE ONLY public.ai_decisions
    ADD CONSTRAINT ai_decisions_model_cycle_id_key UNIQUE (model, cycle_id);
ALTER TABLE ONLY public.ai_decisions
    ADD CONSTRAINT ai_decisions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.benchmark_base
    ADD CONSTRAINT benchmark_base_pkey PRIMARY KEY (symbol);
ALTER TABLE ONLY public.benchmarks
    ADD CONSTRAINT benchmarks_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decision_days
    ADD CONSTRAINT decision_days_pkey PRIMARY KEY (model, day_ms);
ALTER TABLE ONLY public.equity_hours
    ADD CONSTRAINT equity_hours_pkey PRIMARY KEY (model, hour_ms);
ALTER TABLE ONLY public.fills
    ADD CONSTRAINT fills_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.market_prices
    ADD CONSTRAINT market_prices_pkey PRIMARY KEY (bucket_ms, symbol);
ALTER TABLE ONLY public.market_snapshots
    ADD CONSTRAINT market_snapshots_pkey PRIMARY KEY (cycle_id);
ALTER TABLE ONLY public.model_statistics
    ADD CONSTRAINT model_statistics_pkey PRIMARY KEY (model);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (client_order_id);
ALTER TABLE ONLY public.positions
    ADD CONSTRAINT positions_pkey PRIMARY KEY (model, symbol);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (owner, name);
ALTER TABLE ONLY public.trades
    ADD CONSTRAINT trades_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.verdicts
    ADD CONSTRAINT verdicts_pkey PRIMARY KEY (id);
CREATE INDEX account_movements_by_coin ON public.account_movements USING btree (model, coin, time_ms) WHERE (kind = 'funding'::text);
CREATE INDEX account_movements_by_time ON public.account_movements USING btree (model, time_ms) INCLUDE (kind, amount);
CREATE INDEX account_movements_kept ON public.account_movements USING btree (model) INCLUDE (amount) WHERE (kind = 'liquidation'::text);
CREATE INDEX account_snapshots_by_time ON public.account_snapshots USING btree (time_ms, model);
CREATE INDEX ai_decisions_model ON public.ai_decisions USING btree (model, time_ms DESC, id DESC);
CREATE INDEX ai_decisions_newest ON public.ai_decisions USING btree (time_ms DESC, id DESC);
CREATE INDEX alerts_newest ON public.alerts USING btree (time_ms DESC);
CREATE INDEX fills_by_intent ON public.fills USING btree (intent_id);
CREATE INDEX fills_by_market ON public.fills USING btree (model, symbol, time_ms, trade_id);
CREATE INDEX fills_by_time ON public.fills USING btree (model, time_ms) INCLUDE (closed_pnl, fee);
CREATE INDEX fills_newest ON public.fills USING btree (time_ms DESC, id DESC);
CREATE INDEX orders_by_intent ON public.orders USING btree (intent_id);
CREATE INDEX trades_by_decision ON public.trades USING btree (decision_id);
CREATE INDEX trades_market ON public.trades USING btree (model, symbol, entry_time);
CREATE INDEX trades_model ON public.trades USING btree (model, entry_time DESC, id DESC);
CREATE INDEX trades_newest ON public.trades USING btree (entry_time DESC, id DESC);
CREATE INDEX verdicts_approved ON public.verdicts USING btree (time_ms) WHERE (verdict = 'APPROVED'::text);
CREATE INDEX verdicts_by_decision ON public.verdicts USING btree (decision_id);
CREATE INDEX verdicts_denied ON public.verdicts USING btree (model, time_ms DESC) WHERE (verdict = 'DENIED'::text);
