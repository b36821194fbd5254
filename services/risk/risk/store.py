"""Table risk_state: what has changed is written before the events that changed it are acknowledged."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from common.events import Invalidation
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.durable import Baseline, Durable, Last, Record, Transfers
from risk.halts import Halt, Reason, concerning, worst
from risk.invalidation import Fired, Watched

Key = tuple[str, str, str]
Rows = dict[Key, dict[str, Any]]

_UPSERT = """
    INSERT INTO risk_state (kind, model, key, value) VALUES (%s, %s, %s, %s)
    ON CONFLICT (kind, model, key) DO UPDATE SET value = excluded.value, updated_at = now()"""
_DELETE = "DELETE FROM risk_state WHERE kind = %s AND model = %s AND key = %s"


class RiskStore:
    """Reads and writes the table; remembers what it has written, so that nothing changed costs nothing."""

    def __init__(self, pool: Pool, models: Sequence[str]) -> None:
        self._pool = pool
        self._models = tuple(models)
        self._written: Durable | None = None
        self._rows: Rows = {}

    async def load(self) -> Durable:
        """What the table holds."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT kind, model, key, value FROM risk_state")
            self._rows = {(kind, model, key): value for kind, model, key, value in await cursor.fetchall()}
        # The state rows may be missing still: the first save compares row by row.
        self._written = None
        return durable_of(self._rows)

    async def save(self, durable: Durable) -> None:
        """Writes the rows that differ, in one transaction. Raises psycopg.OperationalError when the server is away."""
        if durable is self._written:
            return
        rows = rows_of(durable, self._models)
        changed = [(*key, Jsonb(value)) for key, value in rows.items() if self._rows.get(key) != value]
        gone = [key for key in self._rows if key not in rows]
        if changed or gone:
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                if changed:
                    await cursor.executemany(_UPSERT, changed)
                if gone:
                    await cursor.executemany(_DELETE, gone)
        self._written, self._rows = durable, rows


def rows_of(durable: Durable, models: Sequence[str]) -> Rows:
    """The rows that hold `durable`, with each model's resulting state for readers."""
    rows: Rows = {}
    for halt in durable.halts:
        rows["halt", halt.model, halt.reason.value] = {
            "since_ms": halt.since_ms,
            "until_ms": halt.until_ms,
            "detail": halt.detail,
        }
    for model, record in durable.records.items():
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
        if record.last is not None:
            rows["last", model, ""] = {
                "received_ms": record.last.received_ms,
                "equity_usd": str(record.last.equity_usd),
            }
    for one in durable.fired:
        rows["invalidation", one.model, one.watched.intent_id] = _fired_value(one)
    for model in models:
        halts = concerning(durable.halts, model)
        rows["state", model, ""] = {"state": worst(halts).value, "reasons": [halt.reason.value for halt in halts]}
    return rows


def durable_of(rows: Mapping[Key, Mapping[str, Any]]) -> Durable:
    """What the rows say; the inverse of `rows_of`."""
    halts = tuple(
        Halt(model, Reason(key), value["since_ms"], value["until_ms"], value["detail"])
        for (kind, model, key), value in sorted(rows.items())
        if kind == "halt"
    )
    models = {model for kind, model, _ in rows if kind in ("baseline", "high_water", "stops", "transfers", "last")}
    fired = tuple(
        _fired(model, key, value) for (kind, model, key), value in sorted(rows.items()) if kind == "invalidation"
    )
    return Durable(halts, {model: _record(rows, model) for model in sorted(models)}, fired)


def _fired_value(one: Fired) -> dict[str, Any]:
    watched = one.watched
    return {
        "symbol": watched.symbol.value,
        "side": watched.side.value,
        "condition": watched.condition.model_dump(),
        "after_ms": watched.after_ms,
        "closed_ms": one.closed_ms,
        "boundary_ms": one.boundary_ms,
        "is_reported": one.is_reported,
    }


def _fired(model: str, intent_id: str, value: Mapping[str, Any]) -> Fired:
    condition = Invalidation.model_validate(value["condition"])
    watched = Watched(intent_id, Symbol(value["symbol"]), Side(value["side"]), condition, value["after_ms"])
    return Fired(model, watched, value["closed_ms"], value["boundary_ms"], value["is_reported"])


def _record(rows: Mapping[Key, Mapping[str, Any]], model: str) -> Record:
    baseline = rows.get(("baseline", model, ""))
    high_water = rows.get(("high_water", model, ""))
    stops = rows.get(("stops", model, ""), {"stops": []})["stops"]
    moved, last = rows.get(("transfers", model, "")), rows.get(("last", model, ""))
    return Record(
        None if baseline is None else Baseline(baseline["day"], Decimal(baseline["equity_usd"])),
        None if high_water is None else Decimal(high_water["equity_usd"]),
        tuple((order, at_ms) for order, at_ms in stops),
        None if moved is None else Transfers(moved["since_ms"], Decimal(moved["transfers_usd"])),
        None if last is None else Last(last["received_ms"], Decimal(last["equity_usd"])),
    )
