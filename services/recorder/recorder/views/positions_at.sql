-- The positions that were open at a moment, from the fills up to it, at the prices as of then; where none is known, at
-- the last fill's. Stop and target are those of the entry. A position of unknown leverage counts as paid in full.
CREATE FUNCTION positions_at(at_ms bigint)
    RETURNS TABLE (
        model text, symbol text, side text, size numeric, entry_price numeric, mark_price numeric, leverage integer,
        notional numeric, unrealized_pnl numeric, stop_loss numeric, take_profit numeric, funding numeric,
        opened_ms bigint, decision_id text, cycle_id text, is_priced boolean
    )
    LANGUAGE sql STABLE AS $$
    WITH prices AS MATERIALIZED (SELECT p.symbol, p.mark_price FROM prices_at(at_ms) p),
    held AS (
        SELECT p.model, p.symbol FROM api_positions p
        UNION
        SELECT c.model, c.symbol FROM api_trade_coins c WHERE c.model IS NOT NULL
    )
    SELECT
        t.model,
        t.symbol,
        t.side,
        abs(o.size),
        o.cost / o.size,
        v.mark,
        coalesce(t.leverage, 1),
        abs(o.size) * v.mark,
        o.size * v.mark - o.cost,
        t.stop_loss,
        t.take_profit,
        o.funding,
        t.entry_ms,
        t.decision_id,
        t.cycle_id,
        q.mark_price IS NOT NULL
    FROM held h
    CROSS JOIN LATERAL (
        SELECT n.* FROM trades n WHERE n.model = h.model AND n.symbol = h.symbol AND n.entry_ms <= at_ms
        ORDER BY n.entry_ms DESC LIMIT 1
    ) t
    CROSS JOIN LATERAL open_trade_at(t.id, at_ms) o
    LEFT JOIN prices q ON q.symbol = t.symbol
    CROSS JOIN LATERAL (SELECT coalesce(q.mark_price, o.last_price) AS mark) v
    WHERE (t.exit_ms IS NULL OR t.exit_ms > at_ms) AND o.size <> 0
$$;
