-- Growth of both benchmarks at those five-minute marks that lie a whole number of spans after the first, and now. Of the
-- time before the oldest five-minute prices that are kept, a point a day.
CREATE FUNCTION benchmark_points(since_ms bigint, buckets integer)
    RETURNS TABLE (time_ms bigint, btc_hold numeric, equal_weight numeric) LANGUAGE plpgsql STABLE AS $$
DECLARE
    first_ms bigint;
    last_ms bigint;
    step_ms bigint;
    kept_ms bigint;
BEGIN
    SELECT greatest(since_ms, max(b.time_ms)) / 300000 * 300000 INTO first_ms FROM benchmark_base b;
    SELECT max(p.bucket_ms) INTO last_ms FROM market_prices p;
    SELECT coalesce(min(p.bucket_ms), 0) INTO kept_ms FROM market_prices p;
    step_ms := greatest(300000, ((last_ms - first_ms) / greatest(1, buckets) + 299999) / 300000 * 300000);
    RETURN QUERY
    SELECT max(p.time_ms), max(p.mid_price / b.mid_price) FILTER (WHERE p.symbol = 'BTC'), avg(p.mid_price / b.mid_price)
    FROM (SELECT generate_series(first_ms, last_ms, step_ms) UNION SELECT last_ms) marks (mark)
    JOIN market_prices p ON p.bucket_ms = marks.mark JOIN benchmark_base b USING (symbol)
    WHERE p.time_ms >= since_ms
    GROUP BY p.bucket_ms HAVING count(*) = (SELECT count(*) FROM benchmark_base)
    UNION ALL
    SELECT max(p.time_ms), max(p.mid_price / b.mid_price) FILTER (WHERE p.symbol = 'BTC'), avg(p.mid_price / b.mid_price)
    FROM market_price_days p JOIN benchmark_base b USING (symbol)
    WHERE p.time_ms >= since_ms AND p.bucket_ms >= first_ms AND p.bucket_ms < kept_ms
        AND (p.bucket_ms / 86400000) % greatest(1, step_ms / 86400000) = 0
    GROUP BY p.bucket_ms HAVING count(*) = (SELECT count(*) FROM benchmark_base) ORDER BY 1;
END
$$;
