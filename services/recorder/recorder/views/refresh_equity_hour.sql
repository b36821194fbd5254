-- Brings the row of one hour in line with the account states recorded in it; no states, no row.
CREATE FUNCTION refresh_equity_hour(of_model text, of_hour_ms bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO equity_hours
    SELECT of_model, of_hour_ms, (array_agg(equity ORDER BY equity, time_ms))[1],
        (array_agg(time_ms ORDER BY equity, time_ms))[1], (array_agg(equity ORDER BY equity DESC, time_ms))[1],
        (array_agg(time_ms ORDER BY equity DESC, time_ms))[1], (array_agg(equity ORDER BY time_ms DESC))[1],
        max(time_ms), (array_agg(transfers ORDER BY time_ms DESC))[1], max(drawdown(growth, peak_growth)),
        (array_agg(time_ms ORDER BY drawdown(growth, peak_growth) DESC, time_ms))[1],
        (array_agg(growth ORDER BY time_ms DESC))[1]
    FROM account_snapshots
    WHERE model = of_model AND time_ms >= of_hour_ms AND time_ms < of_hour_ms + 3600000
    HAVING count(*) > 0
    ON CONFLICT (model, hour_ms) DO UPDATE SET low = excluded.low, low_ms = excluded.low_ms, high = excluded.high,
        high_ms = excluded.high_ms, last = excluded.last, last_ms = excluded.last_ms, transfers = excluded.transfers,
        drawdown = excluded.drawdown, drawdown_ms = excluded.drawdown_ms,
        growth = excluded.growth
$$;
