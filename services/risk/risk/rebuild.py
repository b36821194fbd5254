"""Memory from what is recorded: risk_state, the executor's intents, approvals nobody has taken yet, the caches."""

import asyncio
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import dict_row
from structlog import get_logger

from common.bus.port import Bus
from common.events import AccountUpdated, Event, IntentKind, MarketSnapshot, OrderIntent, RiskApproved
from common.events.codec import UnreadableEvent, decode
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.reservations import reservation_of
from risk.state import FrozenPrices, ModelState, RiskState
from risk.store import RiskStore
from risk.watch import DAY_MS

EXECUTOR = "executor"
UNDER_WAY = ("STORED", "SENT", "IN_FLIGHT", "RESTING")
FRESHLY_FILLED_MS = 60_000
"""A fill older than this is in every account state fresh enough to be judged by."""
MAX_INTENTS = 20_000
MAX_APPROVALS = 1_000

_INTENTS = """
    SELECT intent_id, model, intent_kind, symbol, cycle_id, is_entry, status, intent, first_sent_ms, created_ms,
        updated_ms, filled_size_coin, coalesce(market_ms, created_ms) AS market_ms
    FROM intents WHERE created_ms >= %s OR status = ANY(%s) ORDER BY created_ms DESC LIMIT %s"""
_CONDITIONS = """
    SELECT intent_id, model, intent FROM intents
    WHERE is_entry AND closed_ms IS NULL AND (filled_size_coin > 0 OR status = ANY(%s))
        AND jsonb_typeof(intent -> 'invalidation_condition') = 'object'"""

Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]


async def rebuild(
    limits: Limits, models: tuple[str, ...], store: RiskStore, pool: Pool, bus: Bus, clock: Clock, stop: asyncio.Event
) -> RiskState:
    """The state as far as it is recorded. Waits for the executor's table; raises what `is_outage` knows.

    Order matters: an approval that the executor stores meanwhile is seen in the stream, the table, or both; the
    accounts come last, so that what they cover is known before they are applied.
    """
    state = RiskState.empty(models)
    state.durable = await store.load()
    approvals = await bus.unacknowledged(EXECUTOR, RiskApproved.TYPE, count=MAX_APPROVALS)
    intents, conditions = await _when_there(pool, clock, stop)
    for row in reversed(intents):
        apply_intent(state, limits, row, clock.now_ms())
    for row in conditions:
        held = state.models.setdefault(row["model"], ModelState())
        held.watch(row["intent_id"], OrderIntent.model_validate(row["intent"]))
    stored = {row["intent_id"] for row in intents}
    for event in approvals:
        if event.id not in stored:
            apply_approval(state, limits, event)
    await _apply_caches(state, bus)
    return state


def apply_intent(state: RiskState, limits: Limits, row: dict[str, Any], now_ms: int) -> None:
    """Takes one row of `intents` into account: the day's count, cooldowns, cycles seen, what is still under way."""
    held = state.models.setdefault(row["model"], ModelState())
    intent_kind, intent_id = IntentKind(row["intent_kind"]), row["intent_id"]
    held.pace.note_approval(row["market_ms"], Symbol(row["symbol"]), is_entry=row["is_entry"])
    if row["cycle_id"] is not None:
        held.note_seen(row["cycle_id"], intent_kind)
    if row["is_entry"] and row["first_sent_ms"] is not None:
        waited_ms = (row["first_sent_ms"] - row["created_ms"]) * limits.market_speed
        held.pace.note_sent(intent_id, row["market_ms"] + int(waited_ms))
    freshly_filled = row["filled_size_coin"] > 0 and now_ms - row["updated_ms"] <= FRESHLY_FILLED_MS
    if row["status"] in UNDER_WAY or freshly_filled:
        intent = OrderIntent.model_validate(row["intent"])
        held.reservations[intent_id] = reservation_of(limits, intent_id, intent_kind, intent)


def apply_approval(state: RiskState, limits: Limits, event: Event[RiskApproved]) -> None:
    """Takes an approval into account that the executor has not stored yet."""
    data = event.data
    held = state.models.setdefault(data.model, ModelState())
    held.reservations[event.id] = reservation_of(limits, event.id, data.intent_kind, data.intent)
    held.watch(event.id, data.intent)
    held.pace.note_approval(event.time_ms, data.intent.symbol, is_entry=data.intent_kind is IntentKind.ENTRY)
    if event.cycle_id is not None:
        held.note_seen(event.cycle_id, data.intent_kind)


async def _apply_caches(state: RiskState, bus: Bus) -> None:
    """Latest account states and snapshot, if any; an old value is judged stale by its own times."""
    bodies = await bus.cached([*(f"account:{model}" for model in state.models), "snapshot:latest"])
    for model, body in zip(list(state.models), bodies, strict=False):
        if body is not None:
            with suppress(UnreadableEvent):
                held, account = state.models[model], decode(AccountUpdated.TYPE, body).data
                held.account = account
                held.release(account.covers)
                state.market_ms = max(state.market_ms, account.state_ms)
    if bodies[-1] is not None:
        with suppress(UnreadableEvent):
            event = decode(MarketSnapshot.TYPE, bodies[-1])
            marks = {symbol: coin.mark_price for symbol, coin in event.data.coins.items()}
            state.note_snapshot(event.id, FrozenPrices(event.recorded_ms, marks))


async def _when_there(pool: Pool, clock: Clock, stop: asyncio.Event) -> Rows:
    """The latest intents, and the entries that are held under a condition, however old.

    Waits, saying so, while the executor has not made its table, or not as this version knows it. Empty when told to
    stop.
    """
    pause = Backoff(base_s=0.2, cap_s=2)
    while not stop.is_set():
        try:
            async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                since_ms = clock.now_ms() - 2 * DAY_MS
                await cursor.execute(_INTENTS, (since_ms, list(UNDER_WAY), MAX_INTENTS))
                latest = await cursor.fetchall()
                await cursor.execute(_CONDITIONS, (list(UNDER_WAY),))
                return latest, await cursor.fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            get_logger().warning("waiting for the executor's table of intents")
            await clock.sleep(pause.next_s())
    return [], []
