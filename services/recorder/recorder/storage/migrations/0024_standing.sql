-- What the leaderboard compares: each hour's last price of BTC, kept for ever, and figures that follow from it and from
-- trades; see views/ and projections/statistics.py. The recorder computes the figures again when it starts.
CREATE TABLE btc_hours (
    hour_ms bigint PRIMARY KEY,
    time_ms bigint NOT NULL,
    mid_price numeric NOT NULL
);
INSERT INTO btc_hours
SELECT DISTINCT ON (time_ms / 3600000) time_ms / 3600000 * 3600000, time_ms, mid_price
FROM market_prices WHERE symbol = 'BTC' ORDER BY time_ms / 3600000, time_ms DESC;

-- Of a close, whose position it concerns.
ALTER TABLE commands ADD COLUMN symbol text;

ALTER TABLE model_statistics
    ADD COLUMN return_hours integer,
    ADD COLUMN btc_hours integer,
    ADD COLUMN btc_excess numeric,
    ADD COLUMN btc_excess_low numeric,
    ADD COLUMN btc_excess_high numeric,
    ADD COLUMN timed_decisions bigint,
    ADD COLUMN coin_results jsonb;
