-- One row per account, with every column of trade_statistics (see there) and the figures of equity and decisions.
-- Nothing is aggregated here: the recorder keeps the figures in model_statistics. An account without a trade has zeros.
CREATE VIEW api_leaderboard AS
SELECT
    rank() OVER (ORDER BY a.growth DESC) AS rank,
    f.*,
    wire(a.equity) AS equity,
    -- The name of version 0.2; it goes with version 0.4.
    wire(a.equity) AS account_value,
    wire((a.growth - 1) * 100) AS return_percent,
    wire(a.equity - a.transfers - a.start_balance) AS total_pnl,
    wire(s.sharpe) AS sharpe,
    wire(s.sortino) AS sortino,
    wire(s.max_drawdown * 100) AS max_drawdown_percent,
    wire(s.return_band_low * 100) AS return_band_low_percent,
    wire(s.return_band_high * 100) AS return_band_high_percent,
    -- Hourly returns behind the ratios and the band.
    coalesce(s.return_hours, 0) AS return_hours,
    -- Return less that of holding BTC, over the same whole hours, percentage points, and its 95 % band.
    coalesce(s.btc_hours, 0) AS btc_hours,
    wire(s.btc_excess * 100) AS btc_excess_percent,
    wire(s.btc_excess_low * 100) AS btc_excess_low_percent,
    wire(s.btc_excess_high * 100) AS btc_excess_high_percent,
    coalesce(s.decisions, 0) AS decisions,
    coalesce(s.prompt_tokens, 0) AS prompt_tokens,
    coalesce(s.completion_tokens, 0) AS completion_tokens,
    wire(coalesce(s.cost_usd, 0)) AS cost_usd,
    round(s.average_latency_ms)::bigint AS average_latency_ms,
    coalesce(s.timed_decisions, 0) AS timed_decisions
FROM accounts a
LEFT JOIN model_statistics s USING (model)
CROSS JOIN LATERAL jsonb_populate_record(
    NULL::trade_statistics,
    jsonb_build_object(
        'model', a.model, 'trades', 0, 'leverage_trades', 0, 'confidence_trades', 0, 'fees', '0', 'funding', '0'
    ) || coalesce(s.trade_figures, '{}')
) f
WHERE a.model NOT LIKE '%#%';
