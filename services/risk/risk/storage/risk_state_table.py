"""The table risk_state: one row per fact, written before the events that changed it are acknowledged."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from common.events import Invalidation
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.gate.halts import RISK, Halt, Reason, applicable_to, most_severe
from risk.state.invalidation import TrackedCondition, TriggeredCondition
from risk.state.persistent_state import Baseline, LastState, ModelRecord, PersistentState, Transfers

Key = tuple[str, str, str]
Rows = dict[Key, dict[str, Any]]

_UPSERT = """
    INSERT INTO risk_state (kind, model, key, value) VALUES (%s, %s, %s, %s)
    ON CONFLICT (kind, model, key) DO UPDATE SET value = excluded.value, updated_at = now()"""
_DELETE = "DELETE FROM risk_state WHERE kind = %s AND model = %s AND key = %s"


class RiskStateTable:
    """Reads and writes the table. `save` compares with what was written last, so that no change costs no statement.

    `save` runs between the handlers of a batch and its commit. When it raises, the batch is not acknowledged and the
    memory is rebuilt from the table; when only the commit that follows fails, the table is ahead of the stream, and the
    same events are applied again: every change to a PersistentState is safe to apply twice.
    """

    def __init__(self, pool: Pool, models: Sequence[str]) -> None:
        self._pool = pool
        self._models = tuple(models)
        self._written: PersistentState | None = None
        self._rows: Rows = {}

    async def load(self) -> PersistentState:
        """What the table holds."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT kind, model, key, value FROM risk_state")
            self._rows = {(kind, model, key): value for kind, model, key, value in await cursor.fetchall()}
        # The derived state rows may still be missing: the first save compares row by row.
        self._written = None
        return state_of(self._rows)

    async def save(self, persistent: PersistentState) -> None:
        """Writes the rows that differ, in one transaction. Raises psycopg.OperationalError when the server is away."""
        if persistent is self._written:
            return
        rows = rows_of(persistent, self._models)
        changed = [(*key, Jsonb(value)) for key, value in rows.items() if self._rows.get(key) != value]
        gone = [key for key in self._rows if key not in rows]
        if changed or gone:
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                if changed:
                    await cursor.executemany(_UPSERT, changed)
                if gone:
                    await cursor.executemany(_DELETE, gone)
        self._written, self._rows = persistent, rows


def rows_of(persistent: PersistentState, models: Sequence[str]) -> Rows:
    """The rows that hold `persistent`, with each model's resulting trading state for readers."""
    rows: Rows = {}
    for halt in persistent.halts:
        rows["halt", halt.model, halt.reason.value] = {
            "since_ms": halt.since_ms,
            "until_ms": halt.until_ms,
            "detail": halt.detail,
            "author": halt.author,
        }
    for model, record in persistent.records.items():
        if record.baseline is not None:
            rows["baseline", model, ""] = {
                "day": record.baseline.day,
                "equity_usd": str(record.baseline.equity_usd),
            }
        if record.high_water_usd is not None:
            rows["high_water", model, ""] = {"equity_usd": str(record.high_water_usd)}
        if record.stops:
            rows["stops", model, ""] = {"stops": [list(stop) for stop in record.stops]}
        if record.transfers is not None:
            rows["transfers", model, ""] = {
                "since_ms": record.transfers.since_ms,
                "transfers_usd": str(record.transfers.sum_usd),
            }
            if record.transfers.emptied_usd is not None:
                rows["transfers", model, ""]["emptied_usd"] = str(record.transfers.emptied_usd)
        if record.last is not None:
            rows["last", model, ""] = {
                "received_ms": record.last.received_ms,
                "equity_usd": str(record.last.equity_usd),
            }
        if record.epoch:
            rows["epoch", model, ""] = {"epoch": record.epoch}
    for one in persistent.triggered:
        rows["invalidation", one.model, one.tracked.intent_id] = _value_of(one)
    for model in models:
        halts = applicable_to(model, persistent.halts)
        rows["state", model, ""] = {"state": most_severe(halts).value, "reasons": [halt.reason.value for halt in halts]}
    return rows


def state_of(rows: Mapping[Key, Mapping[str, Any]]) -> PersistentState:
    """What the rows hold; the inverse of `rows_of`."""
    halts = tuple(
        Halt(
            model, Reason(key), value["since_ms"], value["until_ms"], value["detail"], value.get("author", _author(key))
        )
        for (kind, model, key), value in sorted(rows.items())
        if kind == "halt"
    )
    models = {
        model for kind, model, _ in rows if kind in ("baseline", "high_water", "stops", "transfers", "last", "epoch")
    }
    triggered = tuple(
        _condition_of(model, key, value) for (kind, model, key), value in sorted(rows.items()) if kind == "invalidation"
    )
    return PersistentState(halts, {model: _record_of(rows, model) for model in sorted(models)}, triggered)


def _author(reason: str) -> str:
    """Of a halt that was stored without one."""
    return "a person" if Reason(reason) in (Reason.PERSON, Reason.FLATTEN) else RISK


def _value_of(one: TriggeredCondition) -> dict[str, Any]:
    tracked = one.tracked
    return {
        "symbol": tracked.symbol.value,
        "side": tracked.side.value,
        "condition": tracked.condition.model_dump(),
        "after_ms": tracked.after_ms,
        "closed_ms": one.closed_ms,
        "boundary_ms": one.boundary_ms,
        "is_reported": one.is_reported,
    }


def _condition_of(model: str, intent_id: str, value: Mapping[str, Any]) -> TriggeredCondition:
    condition = Invalidation.model_validate(value["condition"])
    tracked = TrackedCondition(intent_id, Symbol(value["symbol"]), Side(value["side"]), condition, value["after_ms"])
    return TriggeredCondition(model, tracked, value["closed_ms"], value["boundary_ms"], value["is_reported"])


def _transfers_of(value: Mapping[str, Any]) -> Transfers:
    emptied = value.get("emptied_usd")
    sum_usd = Decimal(value["transfers_usd"])
    return Transfers(value["since_ms"], sum_usd, None if emptied is None else Decimal(emptied))


def _record_of(rows: Mapping[Key, Mapping[str, Any]], model: str) -> ModelRecord:
    baseline = rows.get(("baseline", model, ""))
    high_water = rows.get(("high_water", model, ""))
    stops = rows.get(("stops", model, ""), {"stops": []})["stops"]
    moved, last = rows.get(("transfers", model, "")), rows.get(("last", model, ""))
    return ModelRecord(
        None if baseline is None else Baseline(baseline["day"], Decimal(baseline["equity_usd"])),
        None if high_water is None else Decimal(high_water["equity_usd"]),
        tuple((order, at_ms) for order, at_ms in stops),
        None if moved is None else _transfers_of(moved),
        None if last is None else LastState(last["received_ms"], Decimal(last["equity_usd"])),
        rows.get(("epoch", model, ""), {"epoch": ""})["epoch"],
    )
