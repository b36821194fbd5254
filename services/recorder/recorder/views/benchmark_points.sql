-- Growth of both benchmarks at those five-minute marks that lie a whole number of spans after the first, and now, or
-- at the time until which it is asked. Of the
-- time before the oldest five-minute prices that are kept, a point a day. A coin that is traded no more counts with its
-- last price.
CREATE FUNCTION benchmark_points(
    since_ms bigint, buckets integer, until_ms bigint DEFAULT 9223372036854775807
)
    RETURNS TABLE (time_ms bigint, btc_hold numeric, equal_weight numeric) LANGUAGE plpgsql STABLE AS $$
DECLARE
    first_ms bigint;
    last_ms bigint;
    step_ms bigint;
    kept_ms bigint;
BEGIN
    SELECT greatest(since_ms, max(b.time_ms)) / 300000 * 300000 INTO first_ms FROM benchmark_base b;
    SELECT least(max(b.time_ms), until_ms) / 300000 * 300000 INTO last_ms FROM benchmarks b;
    SELECT coalesce(min(p.bucket_ms), 0) INTO kept_ms FROM market_prices p;
    step_ms := greatest(300000, ((last_ms - first_ms) / greatest(1, buckets) + 299999) / 300000 * 300000);
    RETURN QUERY
    WITH prices AS (
        SELECT m.mark, b.symbol, p.time_ms AS at_ms, coalesce(p.mid_price, b.last_price) / b.mid_price AS growth
        FROM (SELECT generate_series(first_ms, last_ms, step_ms) UNION SELECT last_ms) m (mark)
        CROSS JOIN benchmark_base b
        LEFT JOIN market_prices p ON p.bucket_ms = m.mark AND p.symbol = b.symbol AND p.time_ms <= until_ms
        WHERE p.bucket_ms IS NOT NULL OR b.last_ms < m.mark
        UNION ALL
        SELECT m.mark, b.symbol, p.time_ms, coalesce(p.mid_price, b.last_price) / b.mid_price
        FROM (
            SELECT DISTINCT d.bucket_ms FROM market_price_days d
            WHERE d.bucket_ms >= first_ms AND d.bucket_ms < least(kept_ms, last_ms)
                AND (d.bucket_ms / 86400000) % greatest(1, step_ms / 86400000) = 0
        ) m (mark)
        CROSS JOIN benchmark_base b
        LEFT JOIN market_price_days p
            ON p.bucket_ms = m.mark AND p.symbol = b.symbol AND p.time_ms <= until_ms
        WHERE p.bucket_ms IS NOT NULL OR b.last_ms < m.mark
    )
    SELECT max(k.at_ms), max(k.growth) FILTER (WHERE k.symbol = 'BTC'), avg(k.growth) FROM prices k GROUP BY k.mark
    HAVING max(k.at_ms) >= since_ms AND count(*) = (SELECT count(*) FROM benchmark_base) ORDER BY 1;
END
$$;
