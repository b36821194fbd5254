-- Open positions. A position was opened with the fill that began its trade, not when its order was sent; REST and
-- WebSocket send times as ms since the epoch under the names of the timestamp columns.
CREATE VIEW api_positions AS
SELECT
    p.model,
    p.symbol,
    p.side,
    wire(p.position_size) AS position_size,
    wire(p.entry_price) AS entry_price,
    wire(p.mark_price) AS mark_price,
    p.leverage,
    wire(p.notional) AS notional,
    wire(p.unrealized_pnl) AS unrealized_pnl,
    wire(p.liquidation_price) AS liquidation_price,
    wire(p.margin_used) AS margin_used,
    -- The name of version 0.2; it goes with version 0.4.
    wire(p.margin_used) AS initial_margin,
    wire(p.stop_loss) AS stop_loss,
    wire(p.take_profit) AS take_profit,
    p.protected,
    wire(p.funding) AS funding,
    coalesce((
        SELECT max(t.entry_ms) FROM trades t WHERE t.model = p.model AND t.symbol = p.symbol AND t.status = 'OPEN'
    ), p.opened_ms) AS opened_at,
    p.updated_ms AS updated_at,
    v.decision_id,
    p.cycle_id
FROM positions p LEFT JOIN verdicts v ON v.id = p.intent_id
WHERE p.model NOT LIKE '%#%';
