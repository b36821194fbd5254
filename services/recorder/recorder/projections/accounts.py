"""Account states: the latest one, its positions, and a record of equity."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from common.events import AccountPosition, AccountUpdated, Event
from common.trading.growth import Growth
from recorder.projections.statistics import update_equity_figures
from recorder.storage.statements import Connection, Row, insert, select

Extremes = Mapping[tuple[str, str, str | None], tuple[Decimal, Decimal]]
"""The highest and lowest mark price of each position, by its coin, side and intent."""
_WRITTEN_ONCE: Final = ("model", "start_balance", "start_ms", "start_transfers", "peak_growth")
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
    "growth",
    "peak_growth",
)


async def store_state(connection: Connection, event: Event[AccountUpdated], snapshot_interval_s: int) -> bool:
    """Stores one account state; returns False, and changes nothing, when a newer one is stored already.

    Newer is what was received later: the market's time goes back when another market is begun over the same account.

    Of a state whose equity nothing explains only the positions are stored: its figures would show a profit or a loss
    that there was not.

    A state is recorded in account_snapshots when it is the first one of an interval, when the size of a position
    differs from the state before it, and when it lies deeper below the peak than any before.
    """
    data = event.data
    if not data.is_explained:
        if not await _is_outdated(connection, data):
            await _replace_positions(connection, data)
        return False
    row = _account_row(data) | await _growth(connection, data)
    columns = list(row)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in _WRITTEN_ONCE)
    updates += ", peak_growth = greatest(accounts.peak_growth, excluded.peak_growth)"
    updates += ", start_transfers = coalesce(accounts.start_transfers, excluded.start_transfers)"
    query = (
        f"INSERT INTO accounts ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
        f" ON CONFLICT (model) DO UPDATE SET {updates}"
        " WHERE accounts.received_ms <= excluded.received_ms RETURNING peak_growth"
    )
    stored = await (await connection.execute(query.encode(), tuple(row.values()))).fetchone()
    if stored is None:
        return False
    row["peak_growth"] = stored[0]
    has_changed = await _replace_positions(connection, data)
    cause = await _cause_to_record(connection, row, snapshot_interval_s * 1000, has_changed=has_changed)
    if cause is not None:
        await insert(
            connection, "account_snapshots", [{name: row[name] for name in _SNAPSHOT_COLUMNS} | {"cause": cause}]
        )
        await update_equity_figures(connection, data.model, data.state_ms)
    return True


async def _is_outdated(connection: Connection, data: AccountUpdated) -> bool:
    cursor = await connection.execute(
        "SELECT 1 FROM accounts WHERE model = %s AND received_ms > %s", (data.model, data.received_ms)
    )
    return await cursor.fetchone() is not None


async def _growth(connection: Connection, data: AccountUpdated) -> Row:
    """Net transfers since the first state, and the time-weighted growth; without sums no transfer is known."""
    cursor = await connection.execute(
        "SELECT transfers, start_transfers, anchor_growth, anchor_equity FROM accounts WHERE model = %s", (data.model,)
    )
    stored = await cursor.fetchone()
    known, start, *anchor = stored or (Decimal(0), None)
    growth = Growth(*anchor) if anchor else Growth.begun_with(data.equity_usd)
    transfers = known
    if data.sums is not None:
        start = data.sums.transfers_usd if start is None else start
        transfers = data.sums.transfers_usd - start
    growth = growth.with_transfer(data.equity_usd, transfers - known)
    now = growth.at(data.equity_usd)
    return {
        "transfers": transfers,
        "start_transfers": start,
        "growth": now,
        "peak_growth": now,
        "anchor_growth": growth.value,
        "anchor_equity": growth.equity_usd,
    }


def _account_row(data: AccountUpdated) -> Row:
    ratio = data.maintenance_margin_usd / data.equity_usd if data.equity_usd > 0 else Decimal(0)
    return {
        "model": data.model,
        "address": data.address,
        "mode": data.mode,
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
        "received_ms": data.received_ms,
    }


async def _cause_to_record(connection: Connection, row: Row, interval_ms: int, *, has_changed: bool) -> str | None:
    """Why this state is recorded; None when it is not."""
    cursor = await connection.execute(
        """SELECT (SELECT max(time_ms) FROM account_snapshots WHERE model = %(model)s AND time_ms <= %(time_ms)s),
            drawdown(%(growth)s, %(peak_growth)s)
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
    """Stores the positions of the account state as the only ones; returns whether a coin, side or size has changed.

    The extremes of the mark price go on while a position's coin, side and intent stay the same; of a position that is
    over they are kept by its intent.
    """
    stored = await select(
        connection,
        """SELECT symbol, side, position_size, intent_id, high_mark_price, low_mark_price FROM positions
        WHERE model = %s""",
        data.model,
    )
    before = {(row["symbol"], row["side"], row["position_size"]) for row in stored}
    now = {(p.symbol.value, p.side.value, p.size_coin) for p in data.positions}
    marks = {
        (row["symbol"], row["side"], row["intent_id"]): (row["high_mark_price"], row["low_mark_price"])
        for row in stored
        if row["high_mark_price"] is not None
    }
    held = {(p.symbol.value, p.side.value, p.intent_id) for p in data.positions}
    await _keep_extremes(connection, data.model, {key: marks[key] for key in marks.keys() - held})
    await connection.execute("DELETE FROM positions WHERE model = %s", (data.model,))
    await insert(connection, "positions", [_position_row(data, position, marks) for position in data.positions])
    return before != now


async def _keep_extremes(connection: Connection, model: str, ended: Extremes) -> None:
    """Of an intent whose position comes back, in part or after a gap, the wider extremes stay."""
    for (_, _, intent_id), (high, low) in ended.items():
        if intent_id is not None:
            await connection.execute(
                """INSERT INTO position_extremes AS e (model, intent_id, high_mark_price, low_mark_price)
                VALUES (%s, %s, %s, %s) ON CONFLICT (model, intent_id) DO UPDATE SET
                    high_mark_price = greatest(e.high_mark_price, excluded.high_mark_price),
                    low_mark_price = least(e.low_mark_price, excluded.low_mark_price)""",
                (model, intent_id, high, low),
            )


def _position_row(data: AccountUpdated, position: AccountPosition, marks: Extremes) -> Row:
    mark = position.mark_price
    high, low = marks.get((position.symbol.value, position.side.value, position.intent_id), (mark, mark))
    return {
        "model": data.model,
        "symbol": position.symbol.value,
        "side": position.side.value,
        "position_size": position.size_coin,
        "entry_price": position.entry_price,
        "mark_price": mark,
        "high_mark_price": max(high, mark),
        "low_mark_price": min(low, mark),
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
