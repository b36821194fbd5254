-- The recorded account states, for the CSV export.
CREATE VIEW api_equity AS
SELECT
    model,
    time_ms,
    wire(equity) AS equity,
    wire(balance) AS balance,
    wire(available_balance) AS available_balance,
    wire(margin_used) AS margin_used,
    wire(unrealized_pnl) AS unrealized_pnl,
    wire(margin_ratio) AS margin_ratio,
    wire(transfers) AS transfers
FROM account_snapshots
WHERE model NOT LIKE '%#%';
