-- A trade as far as its fills up to a moment have come, while it is open then: signed size in coin, what is left of the
-- entry at cost, sums of both sides, fees, closed P&L, and funding paid; USD. A fill that reverses a position belongs
-- to the trade that it opens with the part beyond zero. The cost of a position is what was paid for it, less what was
-- received, plus what that realized.
CREATE FUNCTION open_trade_at(of_trade text, at_ms bigint)
    RETURNS TABLE (
        size numeric, cost numeric, entry_size numeric, entry_notional numeric, exit_size numeric,
        exit_notional numeric, fees numeric, closed_pnl numeric, funding numeric, last_price numeric
    )
    LANGUAGE sql STABLE AS $$
    WITH parts AS (
        SELECT
            f.time_ms,
            f.trade_id,
            f.price,
            f.id = t.id AS opens,
            CASE WHEN f.id = t.id THEN f.start_position + s.signed ELSE s.signed END AS part,
            CASE WHEN f.id = t.id THEN 0 ELSE f.closed_pnl END AS realized,
            CASE
                WHEN f.id = t.id AND f.start_position * s.signed < 0
                    THEN f.fee - round(f.fee * abs(f.start_position) / f.size, 8)
                ELSE f.fee
            END AS fee,
            d.direction
        FROM trades t
        CROSS JOIN LATERAL (SELECT CASE t.side WHEN 'LONG' THEN 1 ELSE -1 END AS direction) d
        JOIN fills f ON f.model = t.model AND f.symbol = t.symbol AND f.time_ms >= t.entry_ms AND f.time_ms <= at_ms
            AND (f.id = t.id OR sign(f.start_position) = d.direction)
        CROSS JOIN LATERAL (SELECT CASE f.side WHEN 'BUY' THEN f.size ELSE -f.size END AS signed) s
        WHERE t.id = of_trade
    )
    SELECT
        sum(part),
        sum(part * price) + sum(realized),
        coalesce(sum(abs(part)) FILTER (WHERE part * direction > 0), 0),
        coalesce(sum(abs(part) * price) FILTER (WHERE part * direction > 0), 0),
        coalesce(sum(abs(part)) FILTER (WHERE part * direction < 0), 0),
        coalesce(sum(abs(part) * price) FILTER (WHERE part * direction < 0), 0),
        sum(fee),
        sum(realized),
        (
            SELECT coalesce(-sum(m.amount), 0) FROM trades t JOIN account_movements m
                ON m.kind = 'funding' AND m.model = t.model AND m.coin = t.symbol
                AND m.time_ms > t.entry_ms AND m.time_ms <= at_ms
            WHERE t.id = of_trade
        ),
        (array_agg(price ORDER BY time_ms DESC, trade_id DESC))[1]
    FROM parts HAVING count(*) > 0
$$;
