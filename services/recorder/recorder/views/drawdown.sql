-- A fraction of the highest equity so far; transfers are no profit and are taken out first.
CREATE FUNCTION drawdown(equity numeric, transfers numeric, peak numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN peak > 0 THEN 1 - (equity - transfers) / peak ELSE 0 END;
