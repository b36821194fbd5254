"""The table risk_state and the rebuild of memory, on a real PostgreSQL and a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from common.bus.port import Commit
from common.bus.redis_streams import RedisBus
from common.events import (
    IntentKind,
    OrderIntent,
    RiskApproved,
    originate,
)
from common.events.codec import encode
from common.runtime.clock import SystemClock
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import OrderSide, Side
from risk.gate.halts import ALL_MODELS, Halt, Reason
from risk.state.invalidation import TrackedCondition, TriggeredCondition
from risk.state.persistent_state import Baseline, Closing, LastState, ModelRecord, PersistentState, Transfers
from risk.state.risk_state import RiskState
from risk.storage.rebuild import rebuild
from risk.storage.risk_state_table import RiskStateTable
from support.risk_examples import a_condition, a_position, an_account, an_account_event

D = Decimal
LIMITS = Limits()
ROSTER = read_roster(None)
DEADLINE_S = 60.0


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    try:
        await migrate(opened, "risk")
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    opened = RedisBus(redis_url)
    await opened.prepare("executor", [RiskApproved.TYPE])
    yield opened
    await opened.close()


async def rebuilt(pool: Pool, bus: RedisBus, stop: asyncio.Event | None = None) -> RiskState:
    store = RiskStateTable(pool, ROSTER.ids)
    return await rebuild(LIMITS, ROSTER.ids, store, pool, bus, SystemClock(), stop or asyncio.Event())


PERSISTENT = PersistentState(
    (Halt("deepseek", Reason.DAILY_LOSS, 5, 9, "11 %"), Halt(ALL_MODELS, Reason.PERSON, 3, None, "lunch")),
    {
        "deepseek": ModelRecord(
            Baseline(20_000, D("9999.5")),
            D("10500.25"),
            (("0xab", 7),),
            Transfers(3, D("-7.5")),
            LastState(7, D("9.5")),
        ),
        "qwen": ModelRecord(),
    },
    (
        TriggeredCondition(
            "qwen",
            TrackedCondition("i", Symbol.ETH, Side.SHORT, a_condition(indicator="rsi7"), 5),
            60_000,
            60_000,
            True,
        ),
    ),
    (Closing("qwen", Symbol.ETH, "i"), Closing("qwen", Symbol.SOL, None)),
)


async def test_what_is_saved_is_loaded(pool: Pool) -> None:
    await RiskStateTable(pool, ROSTER.ids).save(PERSISTENT)
    loaded = await RiskStateTable(pool, ROSTER.ids).load()
    assert set(loaded.halts) == set(PERSISTENT.halts)
    assert loaded.records == {"deepseek": PERSISTENT.record("deepseek")}
    assert loaded.triggered == PERSISTENT.triggered
    assert set(loaded.closings) == set(PERSISTENT.closings)


async def test_changed_rows_are_written_and_ended_ones_deleted(pool: Pool) -> None:
    store = RiskStateTable(pool, ROSTER.ids)
    await store.save(PERSISTENT)
    async with pool.connection() as connection:
        await connection.execute("UPDATE risk_state SET updated_at = 'epoch'")
    after = PERSISTENT.without_halts(lambda halt: halt.reason is Reason.PERSON).with_record(
        "qwen", ModelRecord(high_water_usd=D(1))
    )
    await store.save(after)
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT kind, model, key FROM risk_state WHERE updated_at > 'epoch'")
        assert set(await cursor.fetchall()) == {
            ("high_water", "qwen", ""),
            ("state", "deepseek", ""),
            ("state", "qwen", ""),
        }
        cursor = await connection.execute("SELECT model, key FROM risk_state WHERE kind = 'halt'")
        assert await cursor.fetchall() == [("deepseek", "DAILY_LOSS")]


async def test_readers_find_each_models_trading_state(pool: Pool) -> None:
    await RiskStateTable(pool, ROSTER.ids).save(PERSISTENT)
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT model, value FROM risk_state WHERE kind = 'state' ORDER BY model")
        assert await cursor.fetchall() == [
            ("deepseek", {"state": "HALTED", "reasons": ["DAILY_LOSS", "PERSON"]}),
            ("qwen", {"state": "HALTED", "reasons": ["PERSON"]}),
        ]


def an_intent(symbol: Symbol = Symbol.BTC) -> OrderIntent:
    return OrderIntent(
        symbol=symbol,
        side=OrderSide.BUY,
        size_coin=D("0.05"),
        limit_price=D(100_500),
        reduce_only=False,
        leverage=5,
        mark_price=D(100_000),
        notional_usd=D(5_025),
        initial_margin_usd=D(1_005),
        stop_loss_price=D(95_000),
        take_profit_price=D(110_000),
        valid_until_ms=1,
    )


async def store_intent(
    pool: Pool, name: str, status: str, *, sent: bool, age_ms: int, filled: int = 0, market_ms: int | None = None
) -> None:
    now_ms = SystemClock().now_ms()
    row = {
        "id": name, "status": status, "intent": an_intent().model_dump_json(), "filled": filled,
        "sent": now_ms - age_ms if sent else None, "at": now_ms - age_ms, "market": market_ms,
    }  # fmt: skip
    async with pool.connection() as connection:
        await connection.execute(
            """INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, cycle_id, is_entry, reduce_only,
                status, intent, first_sent_ms, filled_size_coin, market_ms, created_ms, updated_ms)
            VALUES (%(id)s, 'qwen', 'entry', 'BTC', 'd', %(id)s, true, false, %(status)s,
                %(intent)s, %(sent)s, %(filled)s, %(market)s, %(at)s, %(at)s)""",
            row,
        )


async def test_memory_is_rebuilt_from_intents(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    await store_intent(pool, "stored", "STORED", sent=False, age_ms=1_000)
    await store_intent(pool, "in-flight", "IN_FLIGHT", sent=True, age_ms=500_000)
    await store_intent(pool, "just-filled", "FILLED", sent=True, age_ms=1_000, filled=1)
    await store_intent(pool, "filled", "FILLED", sent=True, age_ms=70_000, filled=1)
    await store_intent(pool, "rejected", "REJECTED", sent=True, age_ms=1_000)
    held = (await rebuilt(pool, bus)).models["qwen"]
    assert set(held.reservations) == {"stored", "in-flight", "just-filled"}
    assert held.reservations["stored"].notional_usd == 5_025
    assert held.counters.sent == {"in-flight", "just-filled", "filled", "rejected"}
    assert ("rejected", IntentKind.ENTRY) in held.seen


async def test_the_counters_are_rebuilt_in_market_time(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    market_ms = 1_700_000_000_000
    await store_intent(pool, "first", "FILLED", sent=True, age_ms=90_000, filled=1, market_ms=market_ms - 90_000)
    await store_intent(pool, "second", "FILLED", sent=True, age_ms=5_000, filled=1, market_ms=market_ms)
    counters = (await rebuilt(pool, bus)).models["qwen"].counters
    assert counters.entries_on(market_ms // DAY_MS, [], but="") == 2
    assert counters.last_entry_ms(Symbol.BTC) == market_ms
    assert len(counters.approvals_after(market_ms - 60_000)) == 1


async def test_an_entry_counts_on_the_day_on_which_it_was_sent(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    midnight_ms = 20_000 * DAY_MS
    await store_intent(pool, "late", "FILLED", sent=True, age_ms=5_000, filled=1, market_ms=midnight_ms - 1)
    async with pool.connection() as connection:
        await connection.execute("UPDATE intents SET first_sent_ms = created_ms + 1")
    counters = (await rebuilt(pool, bus)).models["qwen"].counters
    assert [counters.entries_on(day, [], but="") for day in (19_999, 20_000)] == [0, 1]


async def test_rebuilding_waits_for_the_columns_of_a_newer_executor(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE intents RENAME COLUMN market_ms TO not_there_yet")
    rebuilding = asyncio.ensure_future(rebuilt(pool, bus))
    await asyncio.sleep(0.5)
    assert not rebuilding.done()
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE intents RENAME COLUMN not_there_yet TO market_ms")
    await rebuilding


async def store_conditional(pool: Pool, name: str, status: str, filled: int, closed_ms: int | None = None) -> None:
    """An entry of long ago that came with an invalidation condition."""
    intent = an_intent().model_copy(update={"invalidation_condition": a_condition(), "watched_after_ms": 77})
    async with pool.connection() as connection:
        await connection.execute(
            """INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, is_entry, reduce_only, status,
                intent, filled_size_coin, closed_ms, created_ms, updated_ms)
            VALUES (%s, 'qwen', 'entry', 'BTC', 'd', true, false, %s, %s, %s, %s, 1, 1)""",
            (name, status, intent.model_dump_json(), filled, closed_ms),
        )


async def test_conditions_of_held_and_unfinished_entries_are_tracked_again(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    await store_conditional(pool, "held", "FILLED", 1)
    await store_conditional(pool, "sent", "IN_FLIGHT", 0)
    await store_conditional(pool, "closed", "FILLED", 1, closed_ms=5)
    await store_conditional(pool, "refused", "REJECTED", 0)
    await store_intent(pool, "without", "FILLED", sent=True, age_ms=1_000, filled=1)
    conditions = (await rebuilt(pool, bus)).models["qwen"].conditions
    assert set(conditions) == {"held", "sent"}
    assert conditions["held"] == TrackedCondition("held", Symbol.BTC, Side.LONG, a_condition(), 77)


async def test_only_an_unacknowledged_approval_is_reserved_without_an_intent(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    for number, cycle in enumerate(("acknowledged", "pending", "waiting")):
        payload = RiskApproved(
            model="qwen",
            intent_kind=IntentKind.ENTRY,
            decision_id="d",
            intent=an_intent(ROSTER.coins[number]),
            rules=(),
        )
        event = originate(payload, keys=(cycle,), time_ms=1, now_ms=1, cycle_id=cycle)
        await bus.commit(Commit("risk", events=[event]))
        if cycle != "waiting":
            delivered = await bus.read_new("executor", "e", [RiskApproved.TYPE], count=1, block_ms=100)
            if cycle == "acknowledged":
                await bus.client.xack(RiskApproved.TYPE, "executor", delivered[0].entry_id)
    held = (await rebuilt(pool, bus)).models["qwen"]
    assert {reserved.symbol for reserved in held.reservations.values()} == {Symbol.ETH, Symbol.SOL}
    await bus.client.flushall()
    assert (await rebuilt(pool, bus)).models["qwen"].reservations == {}


async def test_the_cached_account_state_releases_what_it_covers(pool: Pool, bus: RedisBus) -> None:
    await migrate(pool, "executor")
    await store_intent(pool, "just-filled", "FILLED", sent=True, age_ms=1_000, filled=1)
    account = an_account(a_position(Symbol.BTC), model="qwen", covers=("just-filled",))
    await bus.client.set("account:qwen", encode(an_account_event(account, at_ms=5)))
    state = await rebuilt(pool, bus)
    assert state.models["qwen"].account is not None
    assert state.models["qwen"].reservations == {}
    assert set(state.missing(ROSTER.coins)) == {"market", "account-deepseek"}


async def test_rebuilding_waits_for_the_executors_table(pool: Pool, bus: RedisBus) -> None:
    waiting = asyncio.create_task(rebuilt(pool, bus))
    await asyncio.sleep(0)
    assert not waiting.done()
    await migrate(pool, "executor")
    assert isinstance(await asyncio.wait_for(waiting, DEADLINE_S), RiskState)
