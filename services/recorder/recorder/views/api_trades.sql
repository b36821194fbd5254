-- Trades, times as ms since the epoch under the names of the timestamp columns.
CREATE VIEW api_trades AS
SELECT
    id,
    model,
    symbol,
    side,
    wire(entry_price) AS entry_price,
    wire(exit_price) AS exit_price,
    wire(position_size) AS position_size,
    leverage,
    entry_ms AS entry_time,
    exit_ms AS exit_time,
    wire(pnl) AS pnl,
    wire(pnl_percent) AS pnl_percent,
    wire(fees) AS fees,
    wire(funding) AS funding,
    status,
    close_reason,
    wire(entry_notional) AS entry_notional,
    wire(exit_notional) AS exit_notional,
    wire(stop_loss) AS stop_loss,
    wire(take_profit) AS take_profit,
    cycle_id,
    decision_id
FROM trades
WHERE model NOT LIKE '%#%';
