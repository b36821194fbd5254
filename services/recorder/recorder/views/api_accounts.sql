-- Each account's latest state. Money moved in or out since the start (`transfers`) is neither profit nor loss: the
-- return is time-weighted.
CREATE VIEW api_accounts AS
SELECT
    model,
    address,
    mode,
    wire(equity) AS equity,
    wire(balance) AS balance,
    wire(available_balance) AS available_balance,
    wire(margin_used) AS margin_used,
    wire(unrealized_pnl) AS unrealized_pnl,
    wire(total_notional) AS total_notional,
    wire(margin_ratio) AS margin_ratio,
    wire(start_balance) AS start_balance,
    wire((growth - 1) * 100) AS return_percent,
    time_ms,
    wire(equity - transfers - start_balance) AS total_pnl
FROM accounts
WHERE model NOT LIKE '%#%';
