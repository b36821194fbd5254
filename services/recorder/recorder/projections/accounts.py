"""Account states: the latest one, its positions, and a record of equity."""

from decimal import Decimal
from typing import Final

from common.events import AccountPosition, AccountUpdated, Event
from recorder.projections.statistics import update_equity_figures
from recorder.storage.statements import Connection, Row, insert

_WRITTEN_ONCE: Final = ("model", "start_balance", "start_ms", "start_transfers", "peak")
_SNAPSHOT_COLUMNS: Final = (
    "model",
    "time_ms",
    "equity",
    "balance",
    "available_balance",
    "margin_used",
    "unrealized_pnl",
    "margin_ratio",
    "transfers",
    "peak",
)


async def store_state(connection: Connection, event: Event[AccountUpdated], snapshot_interval_s: int) -> bool:
    """Stores one account state; returns False, and changes nothing, when a newer one is stored already.

    A state is recorded in account_snapshots when it is the first one of an interval, when the size of a position
    differs from the state before it, and when it lies deeper below the peak than any before.
    """
    data = event.data
    row = _account_row(data) | await _transfers(connection, data)
    row["peak"] = data.equity_usd - row["transfers"]
    columns = list(row)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in _WRITTEN_ONCE)
    updates += ", peak = greatest(accounts.peak, excluded.peak)"
    updates += ", start_transfers = coalesce(accounts.start_transfers, excluded.start_transfers)"
    query = (
        f"INSERT INTO accounts ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
        f" ON CONFLICT (model) DO UPDATE SET {updates} WHERE accounts.time_ms <= excluded.time_ms RETURNING peak"
    )
    stored = await (await connection.execute(query.encode(), tuple(row.values()))).fetchone()
    if stored is None:
        return False
    row["peak"] = stored[0]
    has_changed = await _replace_positions(connection, data)
    cause = await _cause_to_record(connection, row, snapshot_interval_s * 1000, has_changed=has_changed)
    if cause is not None:
        await insert(
            connection, "account_snapshots", [{name: row[name] for name in _SNAPSHOT_COLUMNS} | {"cause": cause}]
        )
        await update_equity_figures(connection, data.model, data.state_ms)
    return True


async def _transfers(connection: Connection, data: AccountUpdated) -> dict[str, Decimal | None]:
    """Net transfers since the first state; the last known ones for a state without sums."""
    cursor = await connection.execute("SELECT transfers, start_transfers FROM accounts WHERE model = %s", (data.model,))
    known, start = await cursor.fetchone() or (Decimal(0), None)
    if data.sums is None:
        return {"transfers": known, "start_transfers": start}
    start = data.sums.transfers_usd if start is None else start
    return {"transfers": data.sums.transfers_usd - start, "start_transfers": start}


def _account_row(data: AccountUpdated) -> Row:
    ratio = data.maintenance_margin_usd / data.equity_usd if data.equity_usd > 0 else Decimal(0)
    return {
        "model": data.model,
        "address": data.address,
        "start_balance": data.equity_usd,
        "equity": data.equity_usd,
        "balance": data.balance_usd,
        "available_balance": data.available_balance_usd,
        "margin_used": data.margin_used_usd,
        "maintenance_margin": data.maintenance_margin_usd,
        "unrealized_pnl": data.unrealized_pnl_usd,
        "total_notional": data.total_notional_usd,
        "margin_ratio": ratio,
        "start_ms": data.state_ms,
        "time_ms": data.state_ms,
    }


async def _cause_to_record(connection: Connection, row: Row, interval_ms: int, *, has_changed: bool) -> str | None:
    """Why this state is recorded; None when it is not."""
    cursor = await connection.execute(
        """SELECT (SELECT max(time_ms) FROM account_snapshots WHERE model = %(model)s),
            drawdown(%(equity)s, %(transfers)s, %(peak)s)
            > coalesce((SELECT max_drawdown FROM model_statistics WHERE model = %(model)s), 0)""",
        row,
    )
    previous_ms, is_deeper = await cursor.fetchone() or (None, False)
    if has_changed:
        return "change"
    if previous_ms is None or row["time_ms"] // interval_ms > previous_ms // interval_ms:
        return "interval"
    return "drawdown" if is_deeper else None


async def _replace_positions(connection: Connection, data: AccountUpdated) -> bool:
    """Stores the positions of the account state as the only ones; returns whether a coin, side or size has changed."""
    cursor = await connection.execute(
        "SELECT symbol, side, position_size FROM positions WHERE model = %s", (data.model,)
    )
    before = {(symbol, side, size) for symbol, side, size in await cursor.fetchall()}
    now = {(p.symbol.value, p.side.value, p.size_coin) for p in data.positions}
    await connection.execute("DELETE FROM positions WHERE model = %s", (data.model,))
    await insert(connection, "positions", [_position_row(data, position) for position in data.positions])
    return before != now


def _position_row(data: AccountUpdated, position: AccountPosition) -> Row:
    return {
        "model": data.model,
        "symbol": position.symbol.value,
        "side": position.side.value,
        "position_size": position.size_coin,
        "entry_price": position.entry_price,
        "mark_price": position.mark_price,
        "leverage": position.leverage,
        "notional": position.notional_usd,
        "unrealized_pnl": position.unrealized_pnl_usd,
        "liquidation_price": position.liquidation_price,
        "margin_used": position.margin_used_usd,
        "stop_loss": position.stop_loss_price,
        "take_profit": position.take_profit_price,
        "protected": position.protected,
        "funding": position.funding_since_open_usd,
        "intent_id": position.intent_id,
        "cycle_id": position.cycle_id,
        "opened_ms": position.opened_ms,
        "updated_ms": data.state_ms,
    }
