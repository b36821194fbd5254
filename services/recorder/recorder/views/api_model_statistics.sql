-- What a model's page shows beside its leaderboard row. Net realized P&L counts what the exchange's backstop kept or
-- bore. A moment with positions on both sides counts for each side by its share of the open positions.
CREATE VIEW api_model_statistics AS
SELECT
    m.model,
    wire(net_realized) AS net_realized,
    wire(100 * long_ms / nullif(whole_ms, 0)) AS time_long_percent,
    wire(100 * short_ms / nullif(whole_ms, 0)) AS time_short_percent,
    wire(100 * (whole_ms - long_ms - short_ms) / nullif(whole_ms, 0)) AS time_flat_percent,
    wire(r.residual) AS residual,
    wire(r.residual_percent) AS residual_percent
FROM (
    SELECT
        a.model,
        (a.time_ms - a.start_ms)::numeric AS whole_ms,
        coalesce(s.net_realized, 0) + coalesce(
            (SELECT sum(k.amount) FROM account_movements k WHERE k.model = a.model AND k.kind = 'liquidation'), 0
        ) AS net_realized,
        coalesce(s.long_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_longs
            / nullif(s.open_longs + s.open_shorts, 0), s.long_ms, 0) AS long_ms,
        coalesce(s.short_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_shorts
            / nullif(s.open_longs + s.open_shorts, 0), s.short_ms, 0) AS short_ms
    FROM accounts a LEFT JOIN model_statistics s USING (model) WHERE a.model NOT LIKE '%#%'
) m
LEFT JOIN pnl_reconciliations r ON r.model = m.model;
