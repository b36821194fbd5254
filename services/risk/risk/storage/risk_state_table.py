"""The table risk_state: one row per fact, written before the events that changed it are acknowledged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from common.events import Invalidation
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.gate.halts import RISK, Halt, Reason, applicable_to, most_severe
from risk.state.invalidation import TrackedCondition, TriggeredCondition
from risk.state.persistent_state import Baseline, Closing, LastState, ModelRecord, PersistentState, Transfers

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

    A row that can't be read may have been a limit: its model, or all, is halted until a person has looked at it and
    resumes. It stays in the table until it is mended, deleted or written again, and is given to `report_unreadable`.
    """

    def __init__(
        self,
        pool: Pool,
        models: Sequence[str],
        report_unreadable: Callable[[str, object, object], None] = lambda table, key, reason: None,
    ) -> None:
        self._pool, self._report_unreadable = pool, report_unreadable
        self._models = tuple(models)
        self._written: PersistentState | None = None
        self._rows: Rows = {}

    async def load(self) -> PersistentState:
        """What the table holds."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT kind, model, key, value FROM risk_state")
            rows = {(kind, model, key): value for kind, model, key, value in await cursor.fetchall()}
        halts = tuple(halt for key, value in rows.items() if (halt := self._halt_of_unreadable(key, value)) is not None)
        unreadable = {(halt.model, halt.detail) for halt in halts}
        self._rows = {key: value for key, value in rows.items() if (key[1], _detail_of(key)) not in unreadable}
        # The derived state rows may still be missing: the first save compares row by row.
        self._written = None
        return _with_halts(state_of(self._rows), halts)

    def _halt_of_unreadable(self, key: Key, value: Any) -> Halt | None:
        try:
            state_of({key: value})
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            self._report_unreadable("risk_state", " ".join(key), repr(error))
            return Halt(key[1], Reason.PERSON, 0, detail=_detail_of(key))
        return None

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


def _detail_of(key: Key) -> str:
    return f"the row {' '.join(key)} of risk_state can't be read"


def _with_halts(persistent: PersistentState, halts: Sequence[Halt]) -> PersistentState:
    """One more halt for each model that has none by a person."""
    added = {halt.model: halt for halt in halts}
    for halt in persistent.halts:
        if halt.reason is Reason.PERSON:
            added.pop(halt.model, None)
    return replace(persistent, halts=(*persistent.halts, *added.values()))


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
        rows |= _record_rows(model, record)
    for one in persistent.triggered:
        rows["invalidation", one.model, one.tracked.intent_id] = _value_of(one)
    for closing in persistent.closings:
        rows[_key_of(closing)] = {"symbol": closing.symbol.value, "intent_id": closing.intent_id}
    for model in models:
        halts = applicable_to(model, persistent.halts)
        rows["state", model, ""] = {"state": most_severe(halts).value, "reasons": [halt.reason.value for halt in halts]}
    return rows


def _record_rows(model: str, record: ModelRecord) -> Rows:
    rows: Rows = {}
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
    return rows


def state_of(rows: Mapping[Key, Mapping[str, Any]]) -> PersistentState:
    """What the rows hold; the inverse of `rows_of`."""
    halts = tuple(
        Halt(
            model,
            Reason(key),
            int(value["since_ms"]),
            _optional_int(value["until_ms"]),
            str(value["detail"]),
            str(value.get("author", _author(key))),
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
    closings = tuple(
        Closing(model, Symbol(value["symbol"]), None if value["intent_id"] is None else str(value["intent_id"]))
        for (kind, model, _), value in sorted(rows.items())
        if kind == "closing"
    )
    return PersistentState(halts, {model: _record_of(rows, model) for model in sorted(models)}, triggered, closings)


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


def _key_of(closing: Closing) -> Key:
    return "closing", closing.model, closing.intent_id or closing.symbol.value


def _condition_of(model: str, intent_id: str, value: Mapping[str, Any]) -> TriggeredCondition:
    condition = Invalidation.model_validate(value["condition"])
    after_ms = int(value["after_ms"])
    tracked = TrackedCondition(intent_id, Symbol(value["symbol"]), Side(value["side"]), condition, after_ms)
    times = int(value["closed_ms"]), int(value["boundary_ms"])
    return TriggeredCondition(model, tracked, *times, bool(value["is_reported"]))


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _transfers_of(value: Mapping[str, Any]) -> Transfers:
    emptied = value.get("emptied_usd")
    sum_usd = Decimal(value["transfers_usd"])
    return Transfers(int(value["since_ms"]), sum_usd, None if emptied is None else Decimal(emptied))


def _record_of(rows: Mapping[Key, Mapping[str, Any]], model: str) -> ModelRecord:
    baseline = rows.get(("baseline", model, ""))
    high_water = rows.get(("high_water", model, ""))
    stops = rows.get(("stops", model, ""), {"stops": []})["stops"]
    moved, last = rows.get(("transfers", model, "")), rows.get(("last", model, ""))
    return ModelRecord(
        None if baseline is None else Baseline(int(baseline["day"]), Decimal(baseline["equity_usd"])),
        None if high_water is None else Decimal(high_water["equity_usd"]),
        tuple((str(order), int(at_ms)) for order, at_ms in stops),
        None if moved is None else _transfers_of(moved),
        None if last is None else LastState(int(last["received_ms"]), Decimal(last["equity_usd"])),
        str(rows.get(("epoch", model, ""), {"epoch": ""})["epoch"]),
    )
