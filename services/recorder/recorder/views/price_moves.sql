-- What the prices of a cycle's snapshot did afterwards: per coin and span the later mid price with its time (see
-- quote_at); NULL while not known, or where that moment was not recorded.
CREATE FUNCTION price_moves(of_cycle text)
    RETURNS TABLE (symbol text, price text, minutes integer, time_ms bigint, later_price text, change_percent text)
    LANGUAGE sql STABLE AS $$
    SELECT
        coin ->> 'symbol',
        wire((coin ->> 'mid_price')::numeric) AS price,
        h.minutes,
        later.time_ms,
        wire(later.mid_price) AS later_price,
        wire(100 * (later.mid_price / nullif((coin ->> 'mid_price')::numeric, 0) - 1)) AS change_percent
    FROM market_snapshots s
    CROSS JOIN LATERAL jsonb_array_elements(s.summary -> 'coins') WITH ORDINALITY c (coin, place)
    CROSS JOIN result_horizons h
    LEFT JOIN LATERAL quote_at(s.time_ms + h.minutes * 60000::bigint, coin ->> 'symbol') later ON true
    WHERE s.cycle_id = of_cycle
    ORDER BY c.place, h.minutes
$$;
