-- The order in which exports read.
CREATE INDEX orders_by_time ON orders (time_ms, client_order_id);
CREATE INDEX account_movements_funding ON account_movements (time_ms, id) WHERE kind = 'funding';
