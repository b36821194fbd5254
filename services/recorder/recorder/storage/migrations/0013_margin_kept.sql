-- The margin that the exchange's backstop kept with a position: in no trade, and yet a loss of the account.
ALTER TABLE account_movements DROP CONSTRAINT account_movements_kind_check,
    ADD CONSTRAINT account_movements_kind_check CHECK (kind IN ('funding', 'transfer', 'trade', 'liquidation'));
CREATE INDEX account_movements_kept ON account_movements (model) INCLUDE (amount) WHERE kind = 'liquidation';

CREATE OR REPLACE VIEW api_model_statistics AS
SELECT m.model, wire(net_realized) AS net_realized, wire(100 * long_ms / nullif(whole_ms, 0)) AS time_long_percent,
    wire(100 * short_ms / nullif(whole_ms, 0)) AS time_short_percent,
    wire(100 * (whole_ms - long_ms - short_ms) / nullif(whole_ms, 0)) AS time_flat_percent,
    wire(b.residual) AS residual, wire(b.residual_percent) AS residual_percent
FROM (
    SELECT a.model, (a.time_ms - a.start_ms)::numeric AS whole_ms,
        coalesce(s.net_realized, 0) + coalesce(
            (SELECT sum(k.amount) FROM account_movements k WHERE k.model = a.model AND k.kind = 'liquidation'), 0
        ) AS net_realized,
        coalesce(s.long_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_longs
            / nullif(s.open_longs + s.open_shorts, 0), s.long_ms, 0) AS long_ms,
        coalesce(s.short_ms + greatest(0, a.time_ms - s.shares_ms) * s.open_shorts
            / nullif(s.open_longs + s.open_shorts, 0), s.short_ms, 0) AS short_ms
    FROM accounts a LEFT JOIN model_statistics s USING (model)
) m LEFT JOIN account_books b ON b.model = m.model;
