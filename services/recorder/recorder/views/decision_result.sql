-- What buying (`sign` 1) or selling (−1) a coin at a boundary came to after some minutes, in percent of its notional: the
-- mid price's move, less the funding at each full hour between, and for an entry less the taker fee on both sides and
-- half the spread at each. An exit's own fee and spread come sooner or later, so they don't count. NULL where the market
-- was not recorded at either end.
CREATE FUNCTION decision_result(
    of_symbol text, sign integer, is_entry boolean, boundary_ms bigint, minutes integer, taker_fee numeric
) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT 100 * (
        sign * (later.mid_price / nullif(first.mid_price, 0) - 1)
        - sign * coalesce((
            SELECT sum(coalesce(
                (SELECT hourly.funding_rate_hourly FROM quote_at(hour_ms, of_symbol) hourly), first.funding_rate_hourly
            ))
            FROM generate_series(
                (boundary_ms / 3600000 + 1) * 3600000, boundary_ms + minutes * 60000::bigint, 3600000::bigint
            ) hour_ms
        ), 0)
        - CASE WHEN is_entry THEN 2 * taker_fee + (first.spread_bps + later.spread_bps) / 20000 ELSE 0 END
    )
    FROM quote_at(boundary_ms, of_symbol) first, quote_at(boundary_ms + minutes * 60000::bigint, of_symbol) later
$$;
