"""The stores of executor and risk over PostgreSQL, and over the database that the simulation runs them on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from common.events import IntentKind, OrderRole
from common.runtime.database import KeptConnection, open_pool
from common.trading.instruments import Symbol
from common.trading.orders import IntentStatus, Side
from executor.domain.bracket import build_bracket
from executor.domain.events import order_rejected
from executor.domain.intent import OrderResult, Outcome, intent_from
from executor.domain.order import FillTotal, SignedAction
from executor.storage.fills import FillStore
from executor.storage.flattens import FlattenStore
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from risk.gate.halts import ALL_MODELS, Halt, Reason
from risk.state.persistent_state import Baseline, ModelRecord, PersistentState
from risk.storage.risk_state_table import RiskStateTable
from simulation.adapters.database import Pool as MemoryPool
from support.executor_process import CONTENDERS, approval

D = Decimal
NOW_MS = 1_790_000_000_000
MARK = D(100_000)


@pytest.fixture
async def intents(request: pytest.FixtureRequest, pool: Any) -> AsyncIterator[IntentStore]:
    """With a second pool, as the executor has it."""
    if isinstance(pool, MemoryPool):
        yield IntentStore(pool)
        return
    quick = KeptConnection(await open_pool(request.getfixturevalue("database_url"), autocommit=True))
    yield IntentStore(pool, quick)
    await quick.close()


def entry(number: int = 1, symbol: Symbol = Symbol.BTC, at_ms: int = NOW_MS) -> Any:
    return approval(number, symbol, Side.LONG, mark_price=MARK, size_coin=D("0.0123"), now_ms=at_ms)


async def rows(pool: Any, query: str) -> list[Any]:
    async with pool.connection() as connection:
        found: list[Any] = await (await connection.execute(query)).fetchall()
        return found


async def sent(store: IntentStore, number: int = 1, symbol: Symbol = Symbol.BTC, at_ms: int = NOW_MS) -> Any:
    """A stored and sent entry."""
    event = entry(number, symbol, at_ms)
    await store.add(event, at_ms)
    intent = await store.get(event.id)
    assert intent is not None
    intent = intent.sent(SignedAction(b'{"action": 1}', at_ms, at_ms + 5_000))
    assert await store.mark_sent(intent, at_ms + 1) is True
    assert await store.mark_sent(intent, at_ms + 2) is False
    await store.record_first_send(intent, None, at_ms + 3)
    return await store.get(event.id)


async def test_an_approval_is_stored_once_and_read_as_it_was(pool: Any) -> None:
    store, event = IntentStore(pool), entry().model_copy(update={"time_ms": NOW_MS - 7_000})
    assert await store.add(event, NOW_MS) is True
    assert await store.add(event, NOW_MS + 1) is False
    [intent] = await store.unfinished("deepseek")
    assert intent.order == event.data.intent
    assert (intent.status, intent.created_ms, intent.first_sent_ms, intent.is_entry) == ("STORED", NOW_MS, None, True)
    assert (intent.filled_size_coin, intent.market_ms) == (0, NOW_MS - 7_000)
    assert await store.unfinished("qwen") == []


async def test_an_intent_stored_as_sent_equals_stored_then_sent(pool: Any, intents: IntentStore) -> None:
    stepwise = await sent(intents, 1)
    fresh = intent_from(entry(2, Symbol.ETH), NOW_MS)
    intent = fresh.sent(SignedAction(b'{"action": 2}', NOW_MS + 7, NOW_MS + 5_000))
    assert await intents.add_sent(intent, NOW_MS + 1) is True
    assert await intents.last_nonce() == NOW_MS + 7  # Before anything of the send log is there.
    await intents.record_first_send(intent, None, NOW_MS + 2)
    found = await intents.get(intent.intent_id)
    assert found is not None
    assert replace(found, first_sent_ms=None) == replace(intent, updated_ms=found.updated_ms)
    assert (found.status, found.signed_action) == ("SENT", b'{"action": 2}')
    assert (found.expires_after_ms, found.first_sent_ms) == (NOW_MS + 5_000, NOW_MS + 1)
    assert stepwise.status == found.status
    assert len(await OrderStore(pool).known("deepseek", NOW_MS)) == 6
    query = "SELECT purpose, nonce, sent_ms, outcome FROM intent_sends ORDER BY number DESC LIMIT 1"
    assert await rows(pool, query) == [("orders", NOW_MS + 7, NOW_MS + 1, None)]
    assert await intents.last_nonce() == NOW_MS + 7


async def test_a_first_send_is_recorded_once_with_its_outcome(pool: Any, intents: IntentStore) -> None:
    intent = intent_from(entry(), NOW_MS).sent(SignedAction(b"bytes", NOW_MS + 7, NOW_MS + 5_000))
    await intents.add_sent(intent, NOW_MS + 1)
    await intents.record_first_send(intent, None, NOW_MS + 2)
    await intents.record_first_send(intent, "filled", NOW_MS + 3)
    await intents.record_first_send(intent, None, NOW_MS + 4)
    query = "SELECT purpose, nonce, sent_ms, answered_ms, outcome FROM intent_sends"
    assert await rows(pool, query) == [("orders", NOW_MS + 7, NOW_MS + 1, NOW_MS + 3, "filled")]
    assert await rows(pool, "SELECT count(*) FROM intent_orders") == [(3,)]


@pytest.mark.parametrize("is_sent", [False, True])
async def test_an_intent_stored_before_is_not_stored_as_sent(pool: Any, intents: IntentStore, is_sent: bool) -> None:
    event = entry()
    if is_sent:
        await sent(intents)
    else:
        await intents.add(event, NOW_MS)
    before = [await rows(pool, f"SELECT * FROM {table}") for table in ("intents", "intent_orders", "intent_sends")]
    intent = intent_from(event, NOW_MS + 3).sent(SignedAction(b"others", NOW_MS + 9, NOW_MS + 9_000))
    assert await intents.add_sent(intent, NOW_MS + 4) is False
    after = [await rows(pool, f"SELECT * FROM {table}") for table in ("intents", "intent_orders", "intent_sends")]
    assert after == before


async def test_a_first_send_is_recorded_whole_or_not_at_all(pool: Any, intents: IntentStore) -> None:
    intent = intent_from(entry(), NOW_MS).sent(SignedAction(b"bytes", NOW_MS + 9, NOW_MS + 9_000))
    await intents.add_sent(intent, NOW_MS)
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE intent_sends RENAME TO renamed")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await intents.record_first_send(intent, None, NOW_MS)
    assert await rows(pool, "SELECT * FROM intent_orders") == await rows(pool, "SELECT * FROM renamed") == []


async def test_a_sent_intent_keeps_its_bytes_and_ends_once(pool: Any) -> None:
    store, orders = IntentStore(pool), OrderStore(pool)
    intent = await sent(store)
    assert intent.status == "SENT"
    assert intent.signed_action == b'{"action": 1}'
    assert len(await orders.known("deepseek", NOW_MS)) == 3
    role, spec = build_bracket(intent)[0]
    event = order_rejected(intent, role, spec.client_order_id, reason="no", now_ms=NOW_MS)
    outcome = Outcome(
        status=IntentStatus.PARTIAL,
        filled_size_coin=D("0.01"),
        average_price=MARK,
        orders={spec.client_order_id: OrderResult(7, "canceled")},
        events=[event],
    )
    assert await store.finish(intent, outcome, NOW_MS + 5) is True
    assert await store.finish(intent, Outcome(IntentStatus.FILLED), NOW_MS + 6) is False
    ended = await store.get(intent.intent_id)
    assert ended is not None
    assert (ended.status, ended.filled_size_coin) == ("PARTIAL", D("0.01"))
    assert [each.intent_id for each in await store.ended_since("deepseek", NOW_MS, 10)] == [intent.intent_id]
    row = await orders.get(spec.client_order_id)
    assert row is not None
    assert (row.order_id, row.final_status, row.spec) == (7, "canceled", spec)
    assert await rows(pool, "SELECT count(*) FROM executor_outbox") == [(1,)]


async def test_a_transaction_that_fails_leaves_nothing(pool: Any) -> None:
    async def fail_half_way() -> None:
        async with IntentStore(pool).transaction() as connection:
            await connection.execute("INSERT INTO executor_cursors VALUES (%s, %s)", ("deepseek", 5))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_half_way()
    assert await FillStore(pool).recorded_until("deepseek") is None


async def test_the_newest_open_entry_of_a_coin_is_the_one_that_is_held(pool: Any) -> None:
    store = IntentStore(pool)
    for number, (symbol, at_ms) in enumerate(((Symbol.BTC, 0), (Symbol.BTC, 1_000), (Symbol.ETH, 500))):
        intent = await sent(store, number, symbol, NOW_MS + at_ms)
        await store.finish(intent, Outcome(IntentStatus.FILLED, None, D(1), MARK), NOW_MS + at_ms + 10)
    held = await store.held_entries("deepseek")
    assert {symbol: found.created_ms - NOW_MS for symbol, found in held.items()} == {Symbol.BTC: 1_000, Symbol.ETH: 500}
    await store.mark_entries_closed("deepseek", [Symbol.BTC], NOW_MS + 5_000, NOW_MS + 6_000)
    assert set(await store.held_entries("deepseek")) == {Symbol.ETH}


async def test_late_fills_are_recorded_and_the_cursor_only_rises(pool: Any) -> None:
    store, fills = IntentStore(pool), FillStore(pool)
    intent = await sent(store)
    await store.finish(intent, Outcome(IntentStatus.REJECTED, "by mistake"), NOW_MS + 5)
    total = FillTotal(intent.intent_id, D("0.002"), D("99999.5"))
    await fills.record("deepseek", NOW_MS + 100, totals=[total])
    await fills.record("deepseek", NOW_MS + 50, totals=[FillTotal(intent.intent_id, D("0.001"), D(1))])
    booked = await store.get(intent.intent_id)
    assert booked is not None
    assert (booked.status, booked.filled_size_coin) == ("PARTIAL", D("0.002"))
    assert await fills.recorded_until("deepseek") == NOW_MS + 100


async def test_orders_of_an_ended_intent_are_known_until_they_end(pool: Any) -> None:
    store, orders = IntentStore(pool), OrderStore(pool)
    intent = await sent(store)
    legs = build_bracket(intent)
    stop = next(spec for role, spec in legs if role is OrderRole.STOP)
    await orders.update(stop.client_order_id, OrderResult(order_id=9))
    await orders.update(stop.client_order_id, OrderResult(final_status="canceled"))
    row = (await orders.known("deepseek", NOW_MS))[stop.client_order_id]
    assert (row.order_id, row.final_status, row.spec.trigger_price) == (9, "canceled", stop.trigger_price)


async def test_a_flatten_request_lasts_until_it_is_finished(pool: Any) -> None:
    flattens = FlattenStore(pool)
    assert await flattens.requested_since("qwen") is None
    await flattens.request("command", "qwen", 7)
    await flattens.request("command", "qwen", 9)
    assert await flattens.requested_since("qwen") == 7
    await flattens.finish("qwen", 11, [])
    assert await flattens.requested_since("qwen") is None


async def test_what_risk_must_not_forget_is_loaded_as_it_was_saved(pool: Any) -> None:
    halts = (Halt("deepseek", Reason.DAILY_LOSS, 5, 9, "11 %"), Halt(ALL_MODELS, Reason.PERSON, 3, None, "lunch"))
    persistent = PersistentState(
        halts, {"deepseek": ModelRecord(Baseline(20_000, D("9999.5")), D("10500.25"), (("0xab", 7),))}
    )
    store = RiskStateTable(pool, CONTENDERS)
    await store.save(persistent)
    loaded = await RiskStateTable(pool, CONTENDERS).load()
    assert set(loaded.halts) == set(halts)
    assert loaded.record("deepseek") == persistent.record("deepseek")
    await store.save(persistent.without_halts(lambda halt: halt.model == ALL_MODELS))
    assert {halt.model for halt in (await RiskStateTable(pool, CONTENDERS).load()).halts} == {"deepseek"}


async def test_a_broken_kept_connection_is_replaced(database_url: str) -> None:
    kept = KeptConnection(await open_pool(database_url, autocommit=True))

    async def process(query: str = "SELECT pg_backend_pid()", *, doomed: bool = False) -> int:
        async with kept.connection() as connection:
            if doomed:
                await terminate(connection.info.backend_pid)
            row: Any = await (await connection.execute(query.encode())).fetchone()
            return int(row[0])

    async def terminate(process_id: int) -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
            await other.execute("SELECT pg_terminate_backend(%s, 60000)", (process_id,))

    try:
        first = await process()
        assert await process() == first
        with pytest.raises(psycopg.errors.UndefinedTable):
            await process("SELECT * FROM no_such_table")
        second = await process()
        await terminate(second)
        third = await process()
        assert third != second
        with pytest.raises(psycopg.OperationalError):
            await process(doomed=True)
        assert await process() not in (second, third)
    finally:
        await kept.close()


async def test_an_outcome_of_older_bytes_does_not_end_newer_ones(pool: Any, intents: IntentStore) -> None:
    """An instance that has lost the lease gets its answer after another one has signed the exit again."""
    event = approval(
        1, Symbol.BTC, Side.LONG, mark_price=MARK, size_coin=D("0.0123"), now_ms=NOW_MS, intent_kind=IntentKind.EXIT
    )
    stored = intent_from(event, NOW_MS)
    first = stored.sent(SignedAction(b"old", 1, NOW_MS + 15_000))
    assert await intents.add_sent(first, NOW_MS)
    await intents.store_again(first.intent_id, NOW_MS + 21_000)
    assert await intents.mark_sent(stored.sent(SignedAction(b"new", 2, NOW_MS + 36_000)), NOW_MS + 21_001)
    await intents.record_first_send(first, "Action already expired", NOW_MS + 21_002)
    assert await rows(pool, "SELECT nonce, outcome FROM intent_sends") == [(2, None)]
    assert not await intents.finish(first, Outcome(IntentStatus.REJECTED, "Action already expired"), NOW_MS + 21_003)
    [second] = await intents.unfinished("deepseek")
    assert (second.status, second.nonce, second.signed_action) == ("SENT", 2, b"new")
    assert await intents.finish(second, Outcome(IntentStatus.FILLED), NOW_MS + 21_004)


async def test_a_reopened_order_is_known_for_as_long_as_it_is_open(pool: Any) -> None:
    store, orders = IntentStore(pool), OrderStore(pool)
    intent = await sent(store)
    ids = [spec.client_order_id for _, spec in build_bracket(intent)]
    wrong = Outcome(IntentStatus.REJECTED, "wrong", orders=dict.fromkeys(ids, OrderResult(final_status="rejected")))
    await store.finish(intent, wrong, NOW_MS + 10)
    await orders.reopen(ids[1], 77)
    later = await orders.known("deepseek", NOW_MS + 86_400_000 + 1_000)
    assert [(row.client_order_id, row.order_id, row.final_status) for row in later.values()] == [(ids[1], 77, None)]
