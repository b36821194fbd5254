-- A fraction of the highest growth so far.
CREATE FUNCTION drawdown(growth numeric, peak_growth numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN peak_growth > 0 THEN 1 - growth / peak_growth ELSE 0 END;
