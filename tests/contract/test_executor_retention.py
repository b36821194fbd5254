"""What the executor no longer keeps: ended intents with all that belongs to them, and nothing that may be asked for."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import structlog

from common.runtime.database import Pool, migrate, open_pool
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.orders import Side
from executor.account.watch.retention import BATCH_ROWS, LATEST_SENDS, ExecutionRetention
from executor.config import ExecutorSettings
from executor.storage.cash_ledger import CashLedgerStore
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from support.executor_process import approval
from support.manual_clock import ManualClock

NOW_MS = 1_795_000_000_000
KEEP_DAYS = 30
OLD_MS, NEW_MS = NOW_MS - 31 * DAY_MS, NOW_MS - 29 * DAY_MS
MODEL = "deepseek"
INTENT = """
    INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, is_entry, reduce_only, status, intent,
        filled_size_coin, closed_ms, first_sent_ms, created_ms, updated_ms)
    VALUES (%s, %s, %s, 'BTC', 'decision', %s, %s, %s, %s, %s, %s, 1, %s, %s)"""
ORDER = """
    INSERT INTO intent_orders (client_order_id, intent_id, model, role, symbol, side, size_coin, price, reduce_only,
        void_after_ms, final_status)
    VALUES (%s, %s, %s, 'stop', 'BTC', 'SELL', 1, 1, true, 1, %s)"""
STAYING = {"held", "stop may be open", "unfinished", "in flight", "new", "of an account never read"}
FILLED_ENTRY: dict[str, Any] = {"is_entry": True, "status": "FILLED", "filled": 1, "closed_ms": OLD_MS}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url)
    await migrate(pool, "executor")
    yield pool
    await pool.close()


def retention(pool: Pool) -> ExecutionRetention:
    return ExecutionRetention(pool, ManualClock(), structlog.get_logger(), KEEP_DAYS, is_owner=lambda: True)


async def execute(pool: Pool, query: str, *parameters: object) -> None:
    async with pool.connection() as connection:
        await connection.execute(query.encode(), parameters)


async def read(pool: Pool, query: str) -> list[Any]:
    async with pool.connection() as connection:
        found: list[Any] = await (await connection.execute(query.encode())).fetchall()
    return found


async def ids(pool: Pool) -> set[str]:
    return {intent_id for (intent_id,) in await read(pool, "SELECT intent_id FROM intents")}


async def add_intent(
    pool: Pool,
    intent_id: str,
    at_ms: int = OLD_MS,
    *,
    model: str = MODEL,
    is_entry: bool = False,
    status: str = "CANCELLED",
    filled: int = 0,
    closed_ms: int | None = None,
    order_status: str | None = "filled",
) -> None:
    order = approval(
        1, Symbol.BTC, Side.LONG, mark_price=Decimal(1), size_coin=Decimal(1), now_ms=at_ms
    ).data.intent.model_dump_json()
    kind = "entry" if is_entry else "exit"
    row = (intent_id, model, kind, is_entry, not is_entry, status, order, filled, closed_ms, at_ms, at_ms)
    await execute(pool, INTENT, *row)
    await execute(pool, ORDER, f"order of {intent_id}", intent_id, model, order_status)


async def add_account(pool: Pool, model: str = MODEL, read_ms: int = NOW_MS) -> None:
    await execute(
        pool,
        "INSERT INTO executor_books (model, since_ms, start_cash_usd, movements_until_ms) VALUES (%s, 0, 1, %s)",
        model,
        read_ms,
    )
    await execute(pool, "INSERT INTO executor_cursors VALUES (%s, %s)", model, read_ms)


@pytest.fixture
async def filled(pool: Pool) -> Pool:
    """Intents of every kind, older than what is kept unless named otherwise."""
    await add_account(pool)
    await add_intent(pool, "cancelled")
    await add_intent(pool, "exit", status="FILLED", filled=1)
    await add_intent(pool, "closed", **FILLED_ENTRY)
    await add_intent(pool, "held", **FILLED_ENTRY | {"closed_ms": None})
    await add_intent(pool, "stop may be open", **FILLED_ENTRY, order_status=None)
    await add_intent(pool, "unfinished", is_entry=True, status="STORED", order_status=None)
    await add_intent(pool, "in flight", status="IN_FLIGHT", order_status=None)
    await add_intent(pool, "new", NEW_MS)
    await add_intent(pool, "of an account never read", model="qwen")
    return pool


async def test_ended_intents_go_and_what_may_be_needed_stays(filled: Pool) -> None:
    intents, orders = IntentStore(filled), OrderStore(filled)
    before = await intents.unfinished(MODEL), await intents.held_entries(MODEL), await orders.known(MODEL, NOW_MS)
    assert all(before)
    deleted = await retention(filled).check(NOW_MS)
    assert deleted["intents"] == 3
    assert await ids(filled) == STAYING
    kept = {intent_id for (intent_id,) in await read(filled, "SELECT intent_id FROM intent_orders")}
    assert kept == STAYING
    after = await intents.unfinished(MODEL), await intents.held_entries(MODEL), await orders.known(MODEL, NOW_MS)
    assert after == before


async def test_a_clock_years_ahead_drops_no_execution(filled: Pool) -> None:
    before = await ids(filled)
    await execute(filled, "UPDATE executor_books SET movements_until_ms = %s", OLD_MS)
    await execute(filled, "UPDATE executor_cursors SET fills_until_ms = %s", OLD_MS)
    await retention(filled).check(NOW_MS + 4_000 * DAY_MS)
    assert await ids(filled) == before


async def test_more_than_a_batch_goes_and_the_latest_sends_stay(pool: Pool) -> None:
    await add_account(pool)
    rows = 2 * BATCH_ROWS + 5
    await add_intent(pool, "first")
    async with pool.connection() as connection:
        await connection.execute(
            """INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, is_entry, reduce_only, status,
                intent, created_ms, updated_ms)
            SELECT 'copy ' || n, model, intent_kind, symbol, decision_id, is_entry, reduce_only, status, intent,
                created_ms, updated_ms FROM intents, generate_series(1, %s) n""",
            (rows,),
        )
        await connection.execute(
            """INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms)
            SELECT 'copy ' || n, 'orders', n, %s FROM generate_series(1, %s) n""",
            (OLD_MS, rows),
        )
    deleted = await retention(pool).check(NOW_MS)
    assert (deleted["intents"], deleted["sends"]) == (rows + 1, rows - LATEST_SENDS)
    assert await ids(pool) == set()
    assert await IntentStore(pool).last_nonce() == rows


async def test_cash_entries_and_done_flattens_go_but_the_sums_stay(pool: Pool) -> None:
    await add_account(pool)
    await execute(pool, "UPDATE executor_cursors SET fills_until_ms = %s", NOW_MS - DAY_MS)
    for name, time_ms in (("old", OLD_MS - DAY_MS), ("may be read again", OLD_MS), ("new", NEW_MS)):
        await execute(pool, "INSERT INTO executor_book_entries VALUES (%s, %s, %s)", name, MODEL, time_ms + 1)
    for name, done_ms in (("done", OLD_MS), ("done lately", NEW_MS), ("open", None)):
        await execute(pool, "INSERT INTO executor_flattens VALUES (%s, %s, %s, %s)", name, MODEL, OLD_MS, done_ms)
    before = await CashLedgerStore(pool).load(MODEL)
    await retention(pool).check(NOW_MS)
    assert await read(pool, "SELECT id FROM executor_book_entries ORDER BY 1") == [("may be read again",), ("new",)]
    assert await read(pool, "SELECT command_id FROM executor_flattens ORDER BY 1") == [("done lately",), ("open",)]
    assert await CashLedgerStore(pool).load(MODEL) == before


@pytest.mark.parametrize("days", [1, 6])
def test_a_time_that_a_repeat_may_outlive_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least 7"):
        ExecutorSettings(redis_url="redis://x", database_url="postgresql://x/y", execution_keep_days=days)
