-- A figure as REST and WebSocket send it: a decimal string of at most eight decimals, without trailing zeros.
CREATE FUNCTION wire(value numeric) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(value, 8))::text;
