"""Rebuilds risk's memory: risk_state, the executor's intents, approvals not yet acknowledged, the caches."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row
from structlog import get_logger

from common.bus.port import Bus
from common.events import AccountUpdated, Event, IntentKind, MarketSnapshot, OrderIntent, RiskApproved
from common.events.codec import UnreadableEvent, decode
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.database import Pool
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import UNFINISHED
from risk.state.reservations import reservation_of, unknown_reservation
from risk.state.risk_state import RiskState, SnapshotMarks
from risk.storage.risk_state_table import RiskStateTable

EXECUTOR: Final = "executor"
RECENT_FILL_MS: Final = 60_000
"""A fill older than this is in every account state that is fresh enough to be judged by."""
MAX_INTENTS: Final = 20_000
MAX_APPROVALS: Final = 1_000
_UNFINISHED: Final = [status.value for status in UNFINISHED]

_INTENTS = """
    SELECT intent_id, model, intent_kind, symbol, cycle_id, is_entry, status, intent, first_sent_ms, created_ms,
        updated_ms, filled_size_coin, coalesce(market_ms, created_ms) AS market_ms
    FROM intents WHERE created_ms >= %s OR status = ANY(%s) ORDER BY created_ms DESC LIMIT %s"""
_CONDITIONS = """
    SELECT intent_id, model, intent FROM intents
    WHERE is_entry AND closed_ms IS NULL AND (filled_size_coin > 0 OR status = ANY(%s))
        AND jsonb_typeof(intent -> 'invalidation_condition') = 'object'"""

ReportUnreadable = Callable[[str, object, object], None]
Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]


async def rebuild(
    limits: Limits,
    models: tuple[str, ...],
    table: RiskStateTable,
    pool: Pool,
    bus: Bus,
    clock: Clock,
    stopping: asyncio.Event,
    report_unreadable: ReportUnreadable = lambda table, key, reason: None,
) -> RiskState:
    """The state as far as it is recorded. Runs before the first event of each session, with no handler beside it.

    The executor works on meanwhile, so the order of the reads matters. An approval moves from the stream's
    unacknowledged entries into the table of intents, never back: reading the stream first finds it in one, in the other
    or in both, but never in neither. The account states come last, so that every reservation they may cover is known by
    then. Waits while the executor's table is missing. Raises the errors that `is_outage` knows when Redis or PostgreSQL
    is unreachable; the caller keeps its old state and tries again. A row that can't be read is given to
    `report_unreadable`; an unfinished entry among them leaves no room for other entries of its model.
    """
    state = RiskState.empty(models)
    state.persistent = await table.load()
    approvals = await bus.unacknowledged(EXECUTOR, RiskApproved.TYPE, count=MAX_APPROVALS)
    intents, conditions = await _read_intents(pool, clock, stopping)
    for row in reversed(intents):
        if row["model"] not in state.models:
            continue
        try:
            apply_intent(state, limits, row, clock.now_ms())
        except ValueError as error:
            report_unreadable("intents", row["intent_id"], error)
    for row in conditions:
        if row["model"] not in state.models:
            continue
        try:
            state.model(row["model"]).track_condition(row["intent_id"], OrderIntent.model_validate(row["intent"]))
        except ValueError as error:
            report_unreadable("intents", row["intent_id"], error)
    stored = {row["intent_id"] for row in intents}
    for event in approvals:
        if event.id not in stored:
            apply_approval(state, limits, event)
    await _apply_caches(state, bus)
    return state


def apply_intent(state: RiskState, limits: Limits, row: dict[str, Any], now_ms: int) -> None:
    """Adds one row of `intents`: the day's count, cooldowns, cycles seen, the reservation of what is unfinished.

    Raises ValueError for a row that can't be read, which is counted and reserved as far as it can be.
    """
    held = state.model(row["model"])
    intent_kind, intent_id, symbol = IntentKind(row["intent_kind"]), row["intent_id"], Symbol(row["symbol"])
    held.counters.record_approval(row["market_ms"], symbol, is_entry=row["is_entry"])
    if row["cycle_id"] is not None:
        held.record_seen(row["cycle_id"], intent_kind)
    if row["is_entry"] and row["first_sent_ms"] is not None:
        waited_ms = (row["first_sent_ms"] - row["created_ms"]) * limits.market_speed
        held.counters.record_sent(intent_id, row["market_ms"] + int(waited_ms))
    is_recent_fill = row["filled_size_coin"] > 0 and now_ms - row["updated_ms"] <= RECENT_FILL_MS
    if row["status"] in _UNFINISHED or is_recent_fill:
        held.reservations[intent_id] = unknown_reservation(intent_id, symbol, intent_kind)
        intent = OrderIntent.model_validate(row["intent"])
        held.reservations[intent_id] = reservation_of(limits, intent_id, intent_kind, intent)


def apply_approval(state: RiskState, limits: Limits, event: Event[RiskApproved]) -> None:
    """Adds an approval that the executor has not stored yet."""
    data = event.data
    held = state.model(data.model)
    held.reservations[event.id] = reservation_of(limits, event.id, data.intent_kind, data.intent)
    held.track_condition(event.id, data.intent)
    held.counters.record_approval(event.time_ms, data.intent.symbol, is_entry=data.intent_kind is IntentKind.ENTRY)
    if event.cycle_id is not None:
        held.record_seen(event.cycle_id, data.intent_kind)


async def _apply_caches(state: RiskState, bus: Bus) -> None:
    """Adds the latest account states and snapshot, if any; an old value is judged stale by its own times."""
    bodies = await bus.cached([*(f"account:{model}" for model in state.models), "snapshot:latest"])
    for model, body in zip(list(state.models), bodies, strict=False):
        if body is not None:
            with suppress(UnreadableEvent):
                held, account = state.models[model], decode(AccountUpdated.TYPE, body).data
                held.account = account
                if account.epoch and account.epoch != state.persistent.record(model).epoch:
                    # The executor has entered it before it published this; the tables held its intents by then.
                    state.persistent = state.persistent.with_epoch(model, account.epoch)
                held.release(account.covers)
                state.market_ms = max(state.market_ms, account.state_ms)
    if bodies[-1] is not None:
        with suppress(UnreadableEvent):
            event = decode(MarketSnapshot.TYPE, bodies[-1])
            marks = {symbol: coin.mark_price for symbol, coin in event.data.coins.items()}
            state.record_snapshot(event.id, SnapshotMarks(event.recorded_ms, marks))


async def _read_intents(pool: Pool, clock: Clock, stopping: asyncio.Event) -> Rows:
    """The intents of two days with all unfinished ones, and the entries that are held under a condition, however old.

    Waits, with a warning at each attempt, while the executor has not made its table or not with the columns that this
    version reads. Empty when the service is stopping.
    """
    pause = Backoff(base_s=0.2, cap_s=2)
    while not stopping.is_set():
        try:
            async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                since_ms = clock.now_ms() - 2 * DAY_MS
                await cursor.execute(_INTENTS, (since_ms, _UNFINISHED, MAX_INTENTS))
                latest = await cursor.fetchall()
                await cursor.execute(_CONDITIONS, (_UNFINISHED,))
                return latest, await cursor.fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            get_logger().warning("waiting for the executor's table of intents")
            await clock.sleep(pause.next_s())
    return [], []
