-- Each coin's prices as of a moment of market time: those of the newest snapshot up to it, else, where no snapshot of
-- that day is kept any more, the newest five-minute mid price of the day before it. No row where neither is known.
CREATE FUNCTION prices_at(at_ms bigint)
    RETURNS TABLE (symbol text, time_ms bigint, mid_price numeric, mark_price numeric, coin jsonb)
    LANGUAGE sql STABLE AS $$
    WITH seen AS (
        SELECT c.coin ->> 'symbol' AS symbol, s.time_ms, c.coin FROM (
            SELECT n.time_ms, n.summary FROM market_snapshots n WHERE n.time_ms <= at_ms ORDER BY n.time_ms DESC LIMIT 1
        ) s CROSS JOIN LATERAL jsonb_array_elements(s.summary -> 'coins') c (coin)
    ), kept AS (
        SELECT DISTINCT ON (p.symbol) p.symbol, p.time_ms, p.mid_price FROM market_prices p
        WHERE p.bucket_ms <= at_ms AND p.bucket_ms > at_ms - 86400000 AND p.time_ms <= at_ms
            AND NOT EXISTS (SELECT FROM seen WHERE seen.symbol = p.symbol)
        ORDER BY p.symbol, p.bucket_ms DESC
    )
    SELECT symbol, time_ms, (coin ->> 'mid_price')::numeric, (coin ->> 'mark_price')::numeric, coin FROM seen
    UNION ALL
    SELECT symbol, time_ms, mid_price, mid_price, NULL FROM kept
$$;
