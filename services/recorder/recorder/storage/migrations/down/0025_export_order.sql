DROP INDEX orders_by_time, account_movements_funding;
