-- A coin at a moment of market time: by the snapshot of that moment, or, where that cycle was missed, by the first one
-- within the minute after it. No row where there is none. The spread counts as 0 where no order book was seen.
CREATE FUNCTION quote_at(moment_ms bigint, of_symbol text)
    RETURNS TABLE (time_ms bigint, mid_price numeric, spread_bps numeric, funding_rate_hourly numeric)
    LANGUAGE sql STABLE AS $$
    SELECT
        s.time_ms,
        (coin ->> 'mid_price')::numeric,
        coalesce((coin ->> 'spread_bps')::numeric, 0),
        (coin ->> 'funding_rate_hourly')::numeric
    FROM (
        SELECT n.time_ms, n.summary FROM market_snapshots n
        WHERE n.time_ms >= moment_ms AND n.time_ms <= moment_ms + 60000 ORDER BY n.time_ms LIMIT 1
    ) s, jsonb_array_elements(s.summary -> 'coins') coin
    WHERE coin ->> 'symbol' = of_symbol
$$;
