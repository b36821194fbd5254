-- Every order of an intent, with its latest status.
CREATE VIEW api_orders AS
SELECT
    client_order_id,
    order_id,
    model,
    intent_id,
    symbol,
    role,
    side,
    wire(size) AS size,
    wire(price) AS price,
    wire(trigger_price) AS trigger_price,
    status,
    reason,
    time_ms
FROM orders
WHERE model NOT LIKE '%#%';
