"""The stores move an intent as the transition table allows, over PostgreSQL and the simulation's database."""

import itertools
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from common.events import IntentKind
from common.runtime.database import migrate, open_pool
from common.trading.instruments import Symbol
from common.trading.orders import TRANSITIONS, UNFINISHED, IntentStatus, Side
from executor.domain.intent import IllegalTransition, Outcome
from executor.domain.order import FillTotal, SignedAction
from executor.storage.fills import FillStore
from executor.storage.intents import IntentStore
from support.executor_process import approval

D = Decimal
NOW_MS = 1_790_000_000_000
MARK = D(100_000)


ACTION = SignedAction(b"bytes", NOW_MS + 7, NOW_MS + 5_000)


async def bring_to(store: IntentStore, status: IntentStatus, number: int = 1) -> Any:
    """A stored exit, moved to a status through the store's own steps."""
    event = approval(
        number,
        Symbol.BTC,
        Side.LONG,
        mark_price=MARK,
        size_coin=D("0.0123"),
        now_ms=NOW_MS,
        intent_kind=IntentKind.EXIT,
    )
    await store.add(event, NOW_MS)
    intent = await store.get(event.id)
    assert intent is not None
    if status.is_final:
        await store.finish(intent, Outcome(status), NOW_MS)
    if status in (IntentStatus.SENT, IntentStatus.IN_FLIGHT):
        await store.mark_sent(intent.sent(ACTION), NOW_MS)
    if status is IntentStatus.IN_FLIGHT:
        await store.mark_in_flight(intent.intent_id, "no answer", NOW_MS)
    return await store.get(event.id)


async def test_the_stores_move_an_intent_as_the_table_allows(pool: Any) -> None:
    store = IntentStore(pool)
    for number, (status, following) in enumerate(itertools.product(IntentStatus, IntentStatus)):
        intent = await bring_to(store, status, number)
        assert intent.status is status
        if following is IntentStatus.STORED:
            await store.store_again(intent.intent_id, NOW_MS)
        elif following is IntentStatus.SENT:
            await store.mark_sent(replace(intent, status=IntentStatus.STORED).sent(ACTION), NOW_MS)
        elif following is IntentStatus.IN_FLIGHT:
            await store.mark_in_flight(intent.intent_id, "no answer", NOW_MS)
        elif status.is_final:
            with pytest.raises(IllegalTransition):
                await store.finish(intent, Outcome(following), NOW_MS)
        else:
            assert await store.finish(intent, Outcome(following), NOW_MS)
        after = await store.get(intent.intent_id)
        assert after is not None
        is_moved = not status.is_final and following in TRANSITIONS[status]
        assert after.status is (following if is_moved else status), (status, following)


async def test_late_fills_correct_a_final_status_as_the_table_allows(pool: Any) -> None:
    store = IntentStore(pool)
    for number, status in enumerate(IntentStatus):
        intent = await bring_to(store, status, number)
        await FillStore(pool).record("deepseek", NOW_MS, totals=[FillTotal(intent.intent_id, D("0.002"), MARK)])
        after = await store.get(intent.intent_id)
        assert after is not None
        is_corrected = status.is_final and IntentStatus.PARTIAL in TRANSITIONS[status]
        assert after.status is (IntentStatus.PARTIAL if is_corrected else status)
        assert after.filled_size_coin == (0 if status in UNFINISHED else D("0.002"))


async def test_the_table_takes_no_status_outside_the_type(database_url: str) -> None:
    opened = await open_pool(database_url)
    try:
        await migrate(opened, "executor")
        intent = await bring_to(IntentStore(opened), IntentStatus.STORED)
        for status in ("RESTING", "stored"):
            with pytest.raises(psycopg.errors.CheckViolation):
                async with opened.connection() as connection:
                    await connection.execute(
                        "UPDATE intents SET status = %s WHERE intent_id = %s", (status, intent.intent_id)
                    )
    finally:
        await opened.close()
