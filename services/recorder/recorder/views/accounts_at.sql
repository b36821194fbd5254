-- Each account as of a moment: the newest recorded state up to it, or the last one of an hour whose states are no
-- longer kept, moved on by what was booked since and by the positions' value at the prices as of then; where a price of
-- then is no longer kept, the unrealized P&L is that state's. Available balance and margin are that state's as well. No
-- row before the account's first one.
CREATE FUNCTION accounts_at(at_ms bigint)
    RETURNS TABLE (
        model text, address text, mode text, equity numeric, balance numeric, available_balance numeric,
        margin_used numeric, unrealized_pnl numeric, total_notional numeric, margin_ratio numeric,
        start_balance numeric, growth numeric, transfers numeric
    )
    LANGUAGE sql STABLE AS $$
    WITH held AS MATERIALIZED (
        SELECT p.model, CASE WHEN bool_and(p.is_priced) THEN sum(p.unrealized_pnl) END AS unrealized,
            sum(p.notional) AS notional
        FROM positions_at(at_ms) p GROUP BY p.model
    ), moved AS (
        SELECT
            a.model,
            a.address,
            a.mode,
            a.start_balance,
            s.*,
            CASE WHEN h.model IS NULL THEN 0 ELSE h.unrealized END AS unrealized_now,
            coalesce(h.notional, 0) AS notional_now,
            coalesce((
                SELECT sum(f.closed_pnl - f.fee) FROM fills f
                WHERE f.model = a.model AND f.time_ms > s.time_ms AND f.time_ms <= at_ms
            ), 0) + coalesce(m.amount, 0) AS booked,
            coalesce(m.transferred, 0) AS transferred
        FROM accounts a
        CROSS JOIN LATERAL (
            (
                SELECT n.time_ms, n.equity, n.balance, n.available_balance, n.margin_used, n.unrealized_pnl,
                    n.margin_ratio, n.transfers, n.growth
                FROM account_snapshots n WHERE n.model = a.model AND n.time_ms <= at_ms ORDER BY n.time_ms DESC LIMIT 1
            )
            UNION ALL
            (
                SELECT e.last_ms, e.last, e.last, e.last, 0, NULL, 0, e.transfers, e.growth
                FROM equity_hours e WHERE e.model = a.model AND e.hour_ms <= at_ms AND e.last_ms <= at_ms
                ORDER BY e.hour_ms DESC LIMIT 1
            )
            ORDER BY time_ms DESC, unrealized_pnl NULLS LAST LIMIT 1
        ) s
        LEFT JOIN held h ON h.model = a.model
        CROSS JOIN LATERAL (
            SELECT sum(n.amount) AS amount, sum(n.amount) FILTER (WHERE n.kind = 'transfer') AS transferred
            FROM account_movements n WHERE n.model = a.model AND n.time_ms > s.time_ms AND n.time_ms <= at_ms
        ) m
        WHERE a.model NOT LIKE '%#%'
    )
    SELECT
        model,
        address,
        mode,
        e.equity,
        balance + booked,
        available_balance,
        margin_used,
        coalesce(unrealized_now, moved.unrealized_pnl, 0),
        notional_now,
        margin_ratio,
        start_balance,
        coalesce(growth * (e.equity - transferred) / nullif(moved.equity, 0), growth),
        transfers + transferred
    FROM moved
    CROSS JOIN LATERAL (
        SELECT moved.equity + booked + coalesce(unrealized_now - moved.unrealized_pnl, 0) AS equity
    ) e
$$;
