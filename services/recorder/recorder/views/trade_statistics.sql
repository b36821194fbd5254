-- What the leaderboard shows of each model's trades: one column, with its formula, is one figure. The recorder stores
-- each model's row in model_statistics.trade_figures whenever a trade of it changes, and api_leaderboard has every
-- column of this view. A figure with decimals is a `wire` string. `ended` is true for a trade that is closed or
-- liquidated; P&L is what its fills realized − fees − funding paid.
CREATE VIEW trade_statistics AS
SELECT
    t.model,
    -- Number of ended trades.
    count(*) FILTER (WHERE ended) AS trades,
    -- Sums over all trades, open ones included; paid is positive.
    wire(sum(t.fees)) AS fees,
    wire(sum(t.funding)) AS funding,
    -- 100 × ended trades with P&L > 0 / ended trades.
    wire(100.0 * count(*) FILTER (WHERE ended AND t.pnl > 0) / nullif(count(*) FILTER (WHERE ended), 0))
        AS win_rate_percent,
    -- Highest P&L above 0, lowest below 0.
    wire(max(t.pnl) FILTER (WHERE ended AND t.pnl > 0)) AS biggest_win,
    wire(min(t.pnl) FILTER (WHERE ended AND t.pnl < 0)) AS biggest_loss,
    -- Σ P&L of winners / −Σ P&L of losers; none without a winner or a loser.
    wire(
        sum(t.pnl) FILTER (WHERE ended AND t.pnl > 0) / nullif(-sum(t.pnl) FILTER (WHERE ended AND t.pnl < 0), 0)
    ) AS profit_factor,
    -- Mean P&L, USD.
    wire(avg(t.pnl) FILTER (WHERE ended)) AS expectancy,
    -- Mean and median of what was bought or sold to open the trade, at fill prices, USD.
    wire(avg(t.entry_notional) FILTER (WHERE ended)) AS average_trade_notional,
    wire((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.entry_notional) FILTER (WHERE ended))::numeric)
        AS median_trade_notional,
    -- Mean and median time from first to last fill.
    round(avg(t.exit_ms - t.entry_ms) FILTER (WHERE ended))::bigint AS average_holding_ms,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.exit_ms - t.entry_ms) FILTER (WHERE ended))::numeric)::bigint
        AS median_holding_ms,
    -- Mean and median of the leverage that the approved intent set.
    wire(avg(t.leverage) FILTER (WHERE ended)) AS average_leverage,
    wire((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.leverage) FILTER (WHERE ended))::numeric) AS median_leverage,
    -- Ended trades whose leverage, and whose confidence, is known.
    count(t.leverage) FILTER (WHERE ended) AS leverage_trades,
    count(t.confidence) FILTER (WHERE ended) AS confidence_trades,
    -- Mean and median of the confidence stated by the decision that opened the trade, 0–100.
    wire(avg(t.confidence) FILTER (WHERE ended)) AS average_confidence,
    wire((percentile_cont(0.5) WITHIN GROUP (ORDER BY t.confidence) FILTER (WHERE ended))::numeric)
        AS median_confidence,
    -- 100 × ended long trades / ended trades.
    wire(100.0 * count(*) FILTER (WHERE ended AND t.side = 'LONG') / nullif(count(*) FILTER (WHERE ended), 0))
        AS long_share_percent,
    -- Mean of (confidence / 100 − won)², won being 1 for P&L > 0, else 0: 0 is perfect, a constant 50 earns 0.25.
    wire(avg((t.confidence / 100 - (t.pnl > 0)::int) ^ 2) FILTER (WHERE ended)) AS brier
FROM (SELECT *, status <> 'OPEN' AS ended FROM trades) t
GROUP BY t.model;
