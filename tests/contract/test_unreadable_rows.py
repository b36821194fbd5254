"""Rows that can't be read, on a real PostgreSQL: they are reported and left out, and everything else goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from manual_clock import ManualClock
from structlog import get_logger

from common.bus.memory import MemoryBus
from common.bus.redis_streams import RedisBus
from common.events import AlertCode, AlertSeverity, Event, IntentKind, RiskApproved, SystemAlert, originate
from common.runtime.clock import SystemClock
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.roster import read_roster
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from executor.storage.intents import IntentStore
from executor.storage.outbox import Outbox
from risk.gate.halts import Halt, Reason
from risk.state.reservations import UNKNOWN_USD
from risk.storage.rebuild import rebuild
from risk.storage.risk_state_table import RiskStateTable
from support.executor_process import approval

ROSTER = read_roster(None)
Reported = list[tuple[str, str]]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    await migrate(opened, "executor")
    await migrate(opened, "risk")
    yield opened
    await opened.close()


@pytest.fixture
def reported() -> Reported:
    return []


def reporter(reported: Reported) -> Callable[[str, object, object], None]:
    return lambda table, key, reason: reported.append((table, str(key)))


async def execute(pool: Pool, statement: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(statement.encode())


def alert(number: int) -> Event[SystemAlert]:
    payload = SystemAlert(
        code="X", severity=AlertSeverity.INFO, service="executor", model=None, message=str(number), figures={}
    )
    return originate(payload, keys=(number,), time_ms=1, now_ms=1)


async def test_a_row_of_the_outbox_that_is_no_event_keeps_none_waiting(pool: Pool) -> None:
    clock = ManualClock()
    bus = MemoryBus(clock.now_ms)
    service = Service("executor", ServiceSettings(metrics_port=0), bus, clock, get_logger(), lease=False)
    outbox = Outbox(pool, service)
    await outbox.append(alert(1))
    for kind, body in (("system.alert", "{"), ("no.stream", "{}"), ("order.filled", "[]")):
        await execute(pool, f"INSERT INTO executor_outbox (type, body) VALUES ('{kind}', '{body}')")
    await outbox.append(alert(2))
    outbox.start()

    def reported() -> int:
        alerts = [event.data for event in bus.events(SystemAlert.TYPE)]
        return sum(int(each.figures["count"]) for each in alerts if each.code == AlertCode.UNREADABLE_ROW)

    async def stop_when_published() -> None:
        while reported() < 3 or len(bus.events(SystemAlert.TYPE)) < 3:
            await asyncio.sleep(0.01)
        service.stop()

    service.spawn("outbox", outbox.run)
    service.spawn("stop", stop_when_published)
    await asyncio.wait_for(service.run(), 60)
    messages = [event.data.message for event in bus.events(SystemAlert.TYPE) if event.data.code == "X"]
    assert messages == ["1", "2"]
    async with pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT type FROM executor_outbox WHERE unreadable IS NOT NULL ORDER BY number")
        ).fetchall()
    assert [kind for (kind,) in rows] == ["system.alert", "no.stream", "order.filled"]


async def store_two(pool: Pool) -> list[str]:
    """The ids of two unfinished entries of one model, of which the first can't be read."""
    store = IntentStore(pool)
    now_ms = SystemClock().now_ms()
    events = [
        approval(number, symbol, Side.LONG, mark_price=Decimal(100), size_coin=Decimal(1), now_ms=now_ms, model="qwen")
        for number, symbol in enumerate((Symbol.BTC, Symbol.ETH))
    ]
    for event in events:
        await store.add(event, now_ms)
    await execute(pool, f"UPDATE intents SET intent = '{{}}' WHERE intent_id = '{events[0].id}'")
    return [event.id for event in events]


async def test_an_intent_that_cant_be_read_leaves_the_others(pool: Pool, reported: Reported) -> None:
    unreadable, readable = await store_two(pool)
    store = IntentStore(pool, report_unreadable=reporter(reported))
    assert [intent.intent_id for intent in await store.unfinished("qwen")] == [readable]
    assert reported == [("intents", unreadable)]


async def test_an_entry_that_cant_be_read_leaves_no_room_beside_it(
    pool: Pool, redis_url: str, reported: Reported
) -> None:
    unreadable, readable = await store_two(pool)
    bus = RedisBus(redis_url)
    await bus.prepare("executor", [RiskApproved.TYPE])
    table = RiskStateTable(pool, ROSTER.ids)
    state = await rebuild(Limits(), ROSTER.ids, table, pool, bus, SystemClock(), asyncio.Event(), reporter(reported))
    await bus.close()
    reservations = state.model("qwen").reservations
    assert set(reservations) == {unreadable, readable}
    assert reservations[unreadable].margin_usd == UNKNOWN_USD
    assert reservations[unreadable].intent_kind is IntentKind.ENTRY
    assert ("intents", unreadable) in reported


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("baseline", "", '{"day": "x"}'),
        ("high_water", "", '{"equity_usd": "much"}'),
        ("stops", "", '{"stops": [1]}'),
        ("last", "", "[]"),
        ("halt", "DAILY_LOSS", "{}"),
        ("halt", "MOOD", '{"since_ms": 1, "until_ms": null, "detail": ""}'),
        ("invalidation", "i-1", '{"condition": 1}'),
    ],
)
async def test_a_row_of_risk_that_cant_be_read_halts_its_model(
    pool: Pool, reported: Reported, kind: str, key: str, value: str
) -> None:
    await execute(
        pool, f"INSERT INTO risk_state (kind, model, key, value) VALUES ('{kind}', 'qwen', '{key}', '{value}')"
    )
    table = RiskStateTable(pool, ROSTER.ids, reporter(reported))
    persistent = await table.load()
    [halt] = persistent.halts
    assert (halt.model, halt.reason) == ("qwen", Reason.PERSON)
    assert kind in halt.detail
    await table.save(persistent)
    async with pool.connection() as connection:
        query = "SELECT value::text FROM risk_state WHERE kind = %s AND key = %s"
        assert await (await connection.execute(query, (kind, key))).fetchone() is not None
    assert reported == [("risk_state", f"{kind} qwen {key}")]


async def test_a_persons_halt_is_kept_beside_an_unreadable_row(pool: Pool) -> None:
    await execute(
        pool,
        """INSERT INTO risk_state (kind, model, key, value) VALUES ('baseline', 'qwen', '', '[]'),
        ('halt', 'qwen', 'PERSON', '{"since_ms": 7, "until_ms": null, "detail": "by hand"}')""",
    )
    persistent = await RiskStateTable(pool, ROSTER.ids).load()
    assert persistent.halts == (Halt("qwen", Reason.PERSON, 7, detail="by hand", author="a person"),)
