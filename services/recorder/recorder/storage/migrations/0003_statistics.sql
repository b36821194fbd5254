-- Statistics, kept up to date with the rows that they follow from: no request computes or scans anything.
-- The formulas are in docs/statistics.md.

-- Prices of the coins: the last market.snapshot of each five minutes; from which one on the benchmarks count.
CREATE TABLE market_prices (
    bucket_ms bigint NOT NULL,
    symbol text NOT NULL,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL,
    PRIMARY KEY (bucket_ms, symbol)
);
CREATE TABLE benchmark_base (
    symbol text PRIMARY KEY,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL
);
CREATE TABLE benchmarks (
    name text PRIMARY KEY,
    growth numeric NOT NULL,
    time_ms bigint NOT NULL
);

-- What the six coins looked like when a cycle was frozen.
CREATE TABLE market_snapshots (
    cycle_id text PRIMARY KEY,
    time_ms bigint NOT NULL,
    summary jsonb NOT NULL
);

-- `transfers` is what was paid in since the start, net; `peak` the highest equity without transfers up to then.
ALTER TABLE accounts ADD COLUMN start_ms bigint, ADD COLUMN transfers numeric NOT NULL DEFAULT 0;
ALTER TABLE account_snapshots ADD COLUMN transfers numeric NOT NULL DEFAULT 0, ADD COLUMN peak numeric;
UPDATE account_snapshots s SET peak = p.peak FROM (
    SELECT model, time_ms, max(equity) OVER (PARTITION BY model ORDER BY time_ms) AS peak FROM account_snapshots
) p WHERE p.model = s.model AND p.time_ms = s.time_ms;
ALTER TABLE account_snapshots ALTER COLUMN peak SET NOT NULL;
UPDATE accounts a SET start_ms = coalesce(
    (SELECT min(time_ms) FROM account_snapshots s WHERE s.model = a.model), a.time_ms);
ALTER TABLE accounts ALTER COLUMN start_ms SET NOT NULL;

CREATE INDEX account_snapshots_by_time ON account_snapshots (time_ms, model);
CREATE INDEX trades_by_decision ON trades (decision_id);

-- One row per hour: the extremes that a chart must keep, and the last value, of which returns are made.
CREATE TABLE equity_hours (
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
    drawdown_ms bigint NOT NULL,
    PRIMARY KEY (model, hour_ms)
);

CREATE FUNCTION drawdown(equity numeric, transfers numeric, peak numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN peak > 0 THEN 1 - (equity - transfers) / peak ELSE 0 END;

CREATE FUNCTION refresh_equity_hour(of_model text, of_hour_ms bigint) RETURNS void LANGUAGE sql AS $$
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
SELECT refresh_equity_hour(model, hour_ms) FROM (
    SELECT DISTINCT model, time_ms / 3600000 * 3600000 AS hour_ms FROM account_snapshots) h;

-- When a decision was recorded, for latencies; one row of sums per model and day.
ALTER TABLE ai_decisions ADD COLUMN recorded_ms bigint;
ALTER TABLE fills ADD COLUMN recorded_ms bigint;
CREATE TABLE decision_days (
    model text NOT NULL,
    day_ms bigint NOT NULL,
    decisions bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_usd numeric NOT NULL,
    latency_ms bigint NOT NULL,
    latencies bigint NOT NULL,
    PRIMARY KEY (model, day_ms)
);

CREATE FUNCTION refresh_decision_day(of_model text, of_day_ms bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO decision_days
    SELECT of_model, of_day_ms, count(*), coalesce(sum((usage ->> 'prompt_tokens')::bigint), 0),
        coalesce(sum((usage ->> 'completion_tokens')::bigint), 0), coalesce(sum(cost_usd), 0),
        coalesce(sum(latency_ms), 0), count(latency_ms)
    FROM ai_decisions WHERE model = of_model AND time_ms >= of_day_ms AND time_ms < of_day_ms + 86400000
    ON CONFLICT (model, day_ms) DO UPDATE SET decisions = excluded.decisions,
        prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
        cost_usd = excluded.cost_usd, latency_ms = excluded.latency_ms, latencies = excluded.latencies
$$;
SELECT refresh_decision_day(model, day_ms) FROM (
    SELECT DISTINCT model, time_ms / 86400000 * 86400000 AS day_ms FROM ai_decisions) d;

-- Of trades: only ended ones, except fees, funding and what was realised.
CREATE VIEW trade_statistics AS
SELECT t.model, count(*) FILTER (WHERE ended) AS trades, sum(t.fees) AS fees, sum(t.funding) AS funding,
    sum(t.gross_pnl - t.fees - t.funding) AS net_realized,
    100.0 * count(*) FILTER (WHERE ended AND t.pnl > 0) / nullif(count(*) FILTER (WHERE ended), 0) AS win_rate_percent,
    max(t.pnl) FILTER (WHERE ended AND t.pnl > 0) AS biggest_win,
    min(t.pnl) FILTER (WHERE ended AND t.pnl < 0) AS biggest_loss,
    sum(t.pnl) FILTER (WHERE ended AND t.pnl > 0)
        / nullif(-sum(t.pnl) FILTER (WHERE ended AND t.pnl < 0), 0) AS profit_factor,
    avg(t.pnl) FILTER (WHERE ended) AS expectancy,
    avg(t.entry_notional) FILTER (WHERE ended) AS average_trade_notional,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY t.entry_notional) FILTER (WHERE ended))::numeric
        AS median_trade_notional,
    round(avg(t.exit_time - t.entry_time) FILTER (WHERE ended))::bigint AS average_holding_ms,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.exit_time - t.entry_time) FILTER (WHERE ended))::numeric)::bigint
        AS median_holding_ms,
    avg(t.leverage) FILTER (WHERE ended) AS average_leverage,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY t.leverage) FILTER (WHERE ended))::numeric AS median_leverage,
    avg(d.confidence) FILTER (WHERE ended) AS average_confidence,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY d.confidence) FILTER (WHERE ended))::numeric AS median_confidence,
    100.0 * count(*) FILTER (WHERE ended AND t.side = 'LONG') / nullif(count(*) FILTER (WHERE ended), 0)
        AS long_share_percent,
    avg((d.confidence / 100 - (t.pnl > 0)::int) ^ 2) FILTER (WHERE ended) AS brier
FROM (SELECT *, status <> 'OPEN' AS ended FROM trades) t LEFT JOIN ai_decisions d ON d.id = t.decision_id
GROUP BY t.model;

CREATE TABLE model_statistics (
    model text PRIMARY KEY,
    trades bigint NOT NULL DEFAULT 0,
    fees numeric NOT NULL DEFAULT 0,
    funding numeric NOT NULL DEFAULT 0,
    net_realized numeric NOT NULL DEFAULT 0,
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
    -- Time with a position open up to shares_ms, and how many positions have been open since.
    long_ms numeric NOT NULL DEFAULT 0,
    short_ms numeric NOT NULL DEFAULT 0,
    shares_ms bigint,
    open_longs integer NOT NULL DEFAULT 0,
    open_shorts integer NOT NULL DEFAULT 0,
    decisions bigint NOT NULL DEFAULT 0,
    prompt_tokens bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    cost_usd numeric NOT NULL DEFAULT 0,
    average_latency_ms numeric,
    max_drawdown numeric,
    -- Of whole hours up to returns_ms.
    returns_ms bigint,
    sharpe numeric,
    sortino numeric,
    band_low numeric,
    band_high numeric
);

-- Existing rows are computed at the recorder's start.

DROP VIEW api_leaderboard;
CREATE VIEW api_leaderboard AS
SELECT rank() OVER (ORDER BY (a.equity - a.transfers) / nullif(a.start_balance, 0) DESC NULLS LAST) AS rank, a.model,
    wire(a.equity) AS account_value,
    wire(((a.equity - a.transfers) / nullif(a.start_balance, 0) - 1) * 100) AS return_percent,
    wire(a.equity - a.transfers - a.start_balance) AS total_pnl, wire(coalesce(s.fees, 0)) AS fees,
    wire(coalesce(s.funding, 0)) AS funding, wire(s.win_rate_percent) AS win_rate_percent,
    wire(s.biggest_win) AS biggest_win, wire(s.biggest_loss) AS biggest_loss, wire(s.sharpe) AS sharpe,
    coalesce(s.trades, 0) AS trades, wire(s.sortino) AS sortino,
    wire(s.max_drawdown * 100) AS max_drawdown_percent, wire(s.profit_factor) AS profit_factor,
    wire(s.expectancy) AS expectancy, wire(s.average_trade_notional) AS average_trade_notional,
    wire(s.median_trade_notional) AS median_trade_notional, s.average_holding_ms, s.median_holding_ms,
    wire(s.average_leverage) AS average_leverage, wire(s.median_leverage) AS median_leverage,
    wire(s.average_confidence) AS average_confidence, wire(s.median_confidence) AS median_confidence,
    wire(s.long_share_percent) AS long_share_percent, wire(s.band_low * 100) AS return_band_low_percent,
    wire(s.band_high * 100) AS return_band_high_percent, wire(s.brier) AS brier,
    coalesce(s.decisions, 0) AS decisions, coalesce(s.prompt_tokens, 0) AS prompt_tokens,
    coalesce(s.completion_tokens, 0) AS completion_tokens, wire(coalesce(s.cost_usd, 0)) AS cost_usd,
    round(s.average_latency_ms)::bigint AS average_latency_ms
FROM accounts a LEFT JOIN model_statistics s USING (model);

CREATE OR REPLACE VIEW api_accounts AS
SELECT model, address, wire(equity) AS equity, wire(balance) AS balance, wire(available_balance) AS
    available_balance, wire(margin_used) AS margin_used, wire(unrealized_pnl) AS unrealized_pnl,
    wire(total_notional) AS total_notional, wire(margin_ratio) AS margin_ratio, wire(start_balance) AS start_balance,
    wire(((equity - transfers) / nullif(start_balance, 0) - 1) * 100) AS return_percent, time_ms
FROM accounts;

CREATE VIEW api_benchmarks AS
SELECT name, wire((growth - 1) * 100) AS return_percent FROM benchmarks;

-- A moment with positions on both sides counts for each by its share of the open positions.
CREATE VIEW api_model_statistics AS
SELECT model, wire(net_realized) AS net_realized, wire(100 * long_ms / nullif(whole_ms, 0)) AS time_long_percent,
    wire(100 * short_ms / nullif(whole_ms, 0)) AS time_short_percent,
    wire(100 * (whole_ms - long_ms - short_ms) / nullif(whole_ms, 0)) AS time_flat_percent,
    NULL::text AS residual, NULL::text AS residual_percent
FROM (
    SELECT a.model, coalesce(s.net_realized, 0) AS net_realized, (a.time_ms - a.start_ms)::numeric AS whole_ms,
        coalesce(s.long_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_longs
            / nullif(s.open_longs + s.open_shorts, 0), s.long_ms, 0) AS long_ms,
        coalesce(s.short_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_shorts
            / nullif(s.open_longs + s.open_shorts, 0), s.short_ms, 0) AS short_ms
    FROM accounts a LEFT JOIN model_statistics s USING (model)
) m;

-- Points of a chart since a time, oldest first: of each of at most `buckets` spans the lowest and the highest equity,
-- and the very last one.
CREATE FUNCTION equity_points(of_model text, since_ms bigint, buckets integer)
    RETURNS TABLE (time_ms bigint, equity numeric) LANGUAGE plpgsql STABLE AS $$
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
            SELECT s.time_ms AS t, s.equity AS e, (s.time_ms - first_ms) / step_ms AS bucket FROM account_snapshots s
            WHERE s.model = of_model AND s.time_ms >= since_ms
        ), kept AS (
            (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e, t)
            UNION (SELECT DISTINCT ON (bucket) t, e FROM b ORDER BY bucket, e DESC, t)
            UNION (SELECT t, e FROM b WHERE t = last_ms)
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
            UNION (SELECT b.last_ms, b.last FROM b WHERE b.last_ms = equity_points.last_ms)
        ) SELECT t, e FROM kept WHERE t >= since_ms ORDER BY t;
    END IF;
END
$$;

-- The same for drawdowns (a fraction of the peak before, 0 or more): of each span the deepest one.
CREATE FUNCTION drawdown_points(of_model text, since_ms bigint, buckets integer)
    RETURNS TABLE (time_ms bigint, drawdown numeric) LANGUAGE plpgsql STABLE AS $$
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

-- The benchmarks' growth at those five-minute marks that lie a whole number of `step_ms` after the first, and now.
CREATE FUNCTION benchmark_points(since_ms bigint, buckets integer)
    RETURNS TABLE (time_ms bigint, btc_hold numeric, equal_weight numeric) LANGUAGE plpgsql STABLE AS $$
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
