-- `start_transfers` is what the exchange's record had counted as transferred when the account was first seen.
ALTER TABLE accounts ADD COLUMN start_transfers numeric;

CREATE OR REPLACE VIEW api_model_statistics AS
SELECT m.model, wire(net_realized) AS net_realized, wire(100 * long_ms / nullif(whole_ms, 0)) AS time_long_percent,
    wire(100 * short_ms / nullif(whole_ms, 0)) AS time_short_percent,
    wire(100 * (whole_ms - long_ms - short_ms) / nullif(whole_ms, 0)) AS time_flat_percent,
    wire(b.residual) AS residual, wire(b.residual_percent) AS residual_percent
FROM (
    SELECT a.model, coalesce(s.net_realized, 0) AS net_realized, (a.time_ms - a.start_ms)::numeric AS whole_ms,
        coalesce(s.long_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_longs
            / nullif(s.open_longs + s.open_shorts, 0), s.long_ms, 0) AS long_ms,
        coalesce(s.short_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_shorts
            / nullif(s.open_longs + s.open_shorts, 0), s.short_ms, 0) AS short_ms
    FROM accounts a LEFT JOIN model_statistics s USING (model)
) m LEFT JOIN account_books b ON b.model = m.model;
