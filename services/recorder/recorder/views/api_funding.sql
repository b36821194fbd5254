-- Payments of funding, USD, as the exchange booked them: received is positive. Size and rate where it names them.
CREATE VIEW api_funding AS
SELECT
    id,
    model,
    coin AS symbol,
    time_ms,
    wire(amount) AS amount,
    wire(size) AS size,
    wire(rate_hourly) AS rate_hourly
FROM account_movements
WHERE kind = 'funding' AND model NOT LIKE '%#%';
