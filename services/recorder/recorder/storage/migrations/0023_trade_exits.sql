-- Which cycle ended a trade: the closing order's. It is filled in from the fills that closed.
ALTER TABLE trades ADD COLUMN exit_cycle_id text;
UPDATE trades t SET exit_cycle_id = (
    SELECT f.cycle_id FROM fills f
    WHERE f.model = t.model AND f.symbol = t.symbol AND f.time_ms = t.exit_ms
        AND f.side = CASE t.side WHEN 'LONG' THEN 'SELL' ELSE 'BUY' END
    ORDER BY f.trade_id DESC LIMIT 1
) WHERE t.exit_ms IS NOT NULL;

-- The extremes of the mark price of positions that are over (see positions), by the intent that opened them.
CREATE TABLE position_extremes (
    model text NOT NULL,
    intent_id text NOT NULL,
    high_mark_price numeric NOT NULL,
    low_mark_price numeric NOT NULL,
    PRIMARY KEY (model, intent_id)
);
