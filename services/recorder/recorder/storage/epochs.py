"""Epochs: the rows of one account are set aside when its contender trades another one, and come back with it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.events import AccountUpdated, Event
from common.trading.epochs import aside_id, epoch_of
from recorder.storage.statements import Connection, select

TABLES: Final = (
    "account_movements",
    "account_snapshots",
    "accounts",
    "ai_decisions",
    "alerts",
    "commands",
    "decision_days",
    "decision_results",
    "duel_hours",
    "equity_hours",
    "fills",
    "model_statistics",
    "orders",
    "pnl_reconciliations",
    "position_extremes",
    "positions",
    "recorder_epochs",
    "result_hours",
    "trades",
    "verdicts",
)
"""Those with a column `model`: all of them."""
COLUMNS: Final = (*((table, "model") for table in TABLES), ("duel_hours", "rival"))
"""Where a contender is named."""
UNKNOWN: Final = "unknown"
"""The environment of an account that a version recorded which did not know environments."""


async def split_by_epoch(
    connection: Connection, events: Sequence[Event[Any]]
) -> tuple[Sequence[Event[Any]], Event[AccountUpdated] | None, Sequence[Event[Any]]]:
    """(what comes before a change of epoch, the state that begins it, what follows it and that state), by wall time.

    Without a change all events come before it. States of an epoch that is over are left out.
    """
    rows = await select(connection, "SELECT * FROM recorder_epochs")
    present = {row["model"]: (row["epoch"], row["since_ms"]) for row in rows}
    others = [event for event in events if _is_of_other_epoch(event, present)]
    over = {event.id for event in others if event.recorded_ms < present.get(event.data.model, ("", 0))[1]}
    kept = [event for event in events if event.id not in over]
    first = min((event for event in others if event.id not in over), key=lambda event: event.recorded_ms, default=None)
    if first is None:
        return kept, None, ()
    earlier = [event for event in kept if event.recorded_ms < first.recorded_ms]
    return earlier, first, [event for event in kept if event.recorded_ms >= first.recorded_ms]


def _is_of_other_epoch(event: Event[Any], present: Mapping[str, tuple[str, int]]) -> bool:
    """Whether this is an account state of an epoch that is not its contender's present one."""
    data = event.data
    return isinstance(data, AccountUpdated) and data.epoch not in ("", present.get(data.model, (None, 0))[0])


async def enter_epoch(connection: Connection, event: Event[AccountUpdated]) -> str | None:
    """Makes the state's epoch that of its contender; returns the one before, whose rows are set aside, if any.

    The first epoch takes over the rows that are there, if they are of the same address.
    """
    model, epoch = event.data.model, event.data.epoch
    before = await _present_epoch(connection, event.data)
    if before == epoch:
        before = None
    if before is not None:
        for table, column in COLUMNS:
            rename = f"UPDATE {table} SET {column} = %s WHERE {column} = %s".encode()  # noqa: S608 - of COLUMNS
            await connection.execute(rename, (aside_id(model, before), model))
            await connection.execute(rename, (model, aside_id(model, epoch)))
        await _begin_benchmarks_again(connection, event.data.state_ms)
    await connection.execute(
        """INSERT INTO recorder_epochs (model, epoch, since_ms) VALUES (%s, %s, %s)
        ON CONFLICT (model) DO UPDATE SET epoch = excluded.epoch, since_ms = excluded.since_ms""",
        (model, epoch, event.recorded_ms),
    )
    return before


async def _begin_benchmarks_again(connection: Connection, since_ms: int) -> None:
    """Their base follows from the accounts of now; prices after the new account's first state are another market's."""
    await connection.execute("DELETE FROM benchmark_base")
    await connection.execute("DELETE FROM benchmarks")
    await connection.execute("DELETE FROM market_prices WHERE time_ms > %s", (since_ms,))
    await connection.execute("DELETE FROM btc_hours WHERE time_ms > %s", (since_ms,))


async def _present_epoch(connection: Connection, data: AccountUpdated) -> str | None:
    rows = await select(connection, "SELECT epoch FROM recorder_epochs WHERE model = %s", data.model)
    if rows:
        return str(rows[0]["epoch"])
    rows = await select(connection, "SELECT address FROM accounts WHERE model = %s", data.model)
    if not rows or rows[0]["address"].lower() == data.address.lower():
        return None
    return epoch_of(UNKNOWN, rows[0]["address"])
