-- One row per fill of the exchange.
CREATE VIEW api_fills AS
SELECT
    id,
    model,
    symbol,
    side,
    wire(price) AS price,
    wire(size) AS size,
    wire(fee) AS fee,
    wire(closed_pnl) AS closed_pnl,
    role,
    order_id,
    trade_id,
    cycle_id,
    time_ms
FROM fills
WHERE model NOT LIKE '%#%';
