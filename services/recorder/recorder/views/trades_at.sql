-- Trades as they stood at a moment: one that ended later is open, with what its fills up to then came to. How far the
-- price had moved for and against an open one is not kept.
CREATE FUNCTION trades_at(at_ms bigint) RETURNS SETOF api_trades LANGUAGE sql STABLE AS $$
    SELECT
        t.id,
        t.model,
        t.symbol,
        t.side,
        CASE WHEN o.size IS NULL THEN t.entry_price ELSE wire(o.entry_notional / o.entry_size) END,
        CASE WHEN o.size IS NULL THEN t.exit_price ELSE wire(o.exit_notional / nullif(o.exit_size, 0)) END,
        CASE WHEN o.size IS NULL THEN t.position_size ELSE wire(o.entry_size) END,
        CASE WHEN o.size IS NULL THEN t.open_size ELSE wire(abs(o.size)) END,
        t.leverage,
        t.entry_time,
        CASE WHEN o.size IS NULL THEN t.exit_time END,
        CASE WHEN o.size IS NULL THEN t.pnl END,
        CASE WHEN o.size IS NULL THEN t.pnl_percent END,
        CASE WHEN o.size IS NULL THEN t.fees ELSE wire(o.fees) END,
        CASE WHEN o.size IS NULL THEN t.funding ELSE wire(o.funding) END,
        CASE WHEN o.size IS NULL THEN t.status ELSE 'OPEN' END,
        CASE WHEN o.size IS NULL THEN t.close_reason END,
        CASE WHEN o.size IS NULL THEN t.entry_notional ELSE wire(o.entry_notional) END,
        CASE WHEN o.size IS NULL THEN t.exit_notional ELSE wire(nullif(o.exit_notional, 0)) END,
        t.stop_loss,
        t.take_profit,
        CASE WHEN o.size IS NULL THEN t.mae_percent END,
        CASE WHEN o.size IS NULL THEN t.mfe_percent END,
        t.cycle_id,
        CASE WHEN o.size IS NULL THEN t.exit_cycle_id END,
        t.decision_id
    FROM api_trades t
    LEFT JOIN LATERAL open_trade_at(t.id, at_ms) o ON t.exit_time IS NULL OR t.exit_time > at_ms
    WHERE t.entry_time <= at_ms
$$;
