-- Trades, times as ms since the epoch under the names of the timestamp columns. `open_size` is what is not closed yet.
-- MAE and MFE: the worst and the best move of the price against and in favor of the position, in percent of the entry
-- price, by the mark prices that account states have shown and the trade's own prices; NULL where no state was recorded.
CREATE VIEW api_trades AS
SELECT
    t.id,
    t.model,
    t.symbol,
    t.side,
    wire(t.entry_price) AS entry_price,
    wire(t.exit_price) AS exit_price,
    wire(t.position_size) AS position_size,
    wire(CASE t.status WHEN 'OPEN' THEN t.position_size - coalesce(t.exit_notional / t.exit_price, 0) ELSE 0 END)
        AS open_size,
    t.leverage,
    t.entry_ms AS entry_time,
    t.exit_ms AS exit_time,
    wire(t.pnl) AS pnl,
    wire(t.pnl_percent) AS pnl_percent,
    wire(t.fees) AS fees,
    wire(t.funding) AS funding,
    t.status,
    t.close_reason,
    wire(t.entry_notional) AS entry_notional,
    wire(t.exit_notional) AS exit_notional,
    wire(t.stop_loss) AS stop_loss,
    wire(t.take_profit) AS take_profit,
    wire(100 * CASE t.side WHEN 'LONG' THEN e.low / t.entry_price - 1 ELSE 1 - e.high / t.entry_price END)
        AS mae_percent,
    wire(100 * CASE t.side WHEN 'LONG' THEN e.high / t.entry_price - 1 ELSE 1 - e.low / t.entry_price END)
        AS mfe_percent,
    t.cycle_id,
    t.exit_cycle_id,
    t.decision_id
FROM trades t
LEFT JOIN position_extremes x ON x.model = t.model AND x.intent_id = t.intent_id
LEFT JOIN positions p ON p.model = t.model AND p.intent_id = t.intent_id
LEFT JOIN LATERAL (
    SELECT
        greatest(x.high_mark_price, p.high_mark_price, t.entry_price, t.exit_price) AS high,
        least(x.low_mark_price, p.low_mark_price, t.entry_price, t.exit_price) AS low
) e ON coalesce(x.high_mark_price, p.high_mark_price) IS NOT NULL
WHERE t.model NOT LIKE '%#%';
