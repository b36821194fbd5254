"""The risk service as a process of its own, with a real Redis and a real PostgreSQL."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from harness import eventually

from common.bus.port import Commit
from common.bus.redis_streams import RedisBus
from common.events import (
    AccountUpdated,
    Command,
    ControlCommand,
    Decision,
    Event,
    IntentKind,
    MarketTick,
    OrderFilled,
    OrderRole,
    RiskApproved,
    RiskDenied,
    originate,
)
from common.events.codec import decode
from common.runtime.clock import SystemClock
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.orders import IntentStatus, OrderSide
from executor.domain.intent import Outcome, intent_from
from executor.storage.intents import IntentStore
from gateway.rest.readme import Readme
from risk.gate.halts import Reason
from risk.storage.risk_state_table import RiskStateTable
from support.forked import ForkedProcess
from support.risk_examples import (
    a_condition,
    a_decision,
    a_decision_event,
    a_position,
    a_series,
    a_snapshot_event,
    a_tick_event,
    an_account,
    an_account_event,
)
from support.service_rights import own_database_url, own_redis_url

D = Decimal
ROSTER = read_roster(None)
DEADLINE_S = 60.0
PATIENT = {
    "MAX_MARK_AGE_MS": "60000",
    "MAX_BOOK_AGE_MS": "60000",
    "MAX_ACCOUNT_AGE_MS": "120000",
    "MAX_DECISION_AGE_MS": "600000",
}
"""No event of a test is stale, however busy the machine is."""


class Surroundings:
    """The other services, as risk sees them: their events on a real bus."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus

    async def send(self, source: str, *events: Event[Any]) -> None:
        await self.bus.commit(Commit(source, events=events))

    async def handled(self, stream: str) -> bool:
        """Whether risk has acknowledged all of a stream."""
        groups = await self.bus.client.xinfo_groups(stream) if await self.bus.client.exists(stream) else []
        return any(group["name"] == b"risk" and not group["pending"] and not group["lag"] for group in groups)

    async def all_handled(self) -> bool:
        streams = (MarketTick.TYPE, AccountUpdated.TYPE, ControlCommand.TYPE, OrderFilled.TYPE)
        return all([await self.handled(stream) for stream in streams])

    async def verdict_on(self, decision: Event[Any]) -> Event[Any] | None:
        for stream in (RiskApproved.TYPE, RiskDenied.TYPE):
            for _, fields in await self.bus.client.xrange(stream):
                event = decode(stream, fields[b"event"])
                if event.cause_id == decision.id:
                    return event
        return None

    async def account(self, *positions: Any, **changes: Any) -> None:
        """A fresh account state and fresh prices, handled by risk."""
        now_ms = SystemClock().now_ms()
        await self.send("ingester", *(a_tick_event(symbol, at_ms=now_ms) for symbol in ROSTER.coins))
        await self.send("executor", an_account_event(an_account(*positions, **changes), at_ms=now_ms))
        await eventually("every event to be handled", self.all_handled)

    async def approved(self, intent_kind: IntentKind) -> Event[Any] | None:
        """The newest approval of that kind in the stream."""
        for _, fields in await self.bus.client.xrevrange(RiskApproved.TYPE):
            event = decode(RiskApproved.TYPE, fields[b"event"])
            if event.data.intent_kind is intent_kind:
                return event
        return None

    async def judged(self, cycle: str, asked: Decision | None = None, **changes: Any) -> Event[Any]:
        """The verdict on a decision of now, after fresh prices and a fresh account state."""
        await self.account(**changes)
        decision = a_decision_event(asked or a_decision(), cycle=cycle, at_ms=SystemClock().now_ms())
        await self.send("agent-deepseek", decision)
        verdict: Event[Any] = await eventually("the verdict", lambda: self.verdict_on(decision))
        return verdict


@pytest.fixture
async def around(redis_url: str, database_url: str) -> AsyncIterator[Surroundings]:
    pool = await open_pool(database_url)
    await migrate(pool, "executor")
    await pool.close()
    bus = RedisBus(redis_url)
    await bus.prepare("test", [])
    yield Surroundings(bus)
    await bus.close()


def a_stop(number: int) -> Event[OrderFilled]:
    """A stop of deepseek's that fired just now."""
    now_ms = SystemClock().now_ms()
    payload = OrderFilled(
        model="deepseek",
        intent_id="i",
        client_order_id=f"0x{number}",
        order_id=number,
        trade_id=number,
        symbol=Symbol.SOL,
        role=OrderRole.STOP,
        side=OrderSide.SELL,
        price=D(1),
        size_coin=D(1),
        fee_usd=D(0),
        closed_pnl_usd=D(0),
        start_position_coin=D(1),
        direction="Close Long",
        crossed=True,
        is_liquidation=False,
    )
    return originate(payload, keys=("stop", number), time_ms=now_ms, now_ms=now_ms)


async def store_filled(pool: Pool, event: Event[Any], now_ms: int) -> None:
    """Writes what the executor writes for a filled entry."""
    intents = IntentStore(pool)
    await intents.add(event, now_ms)
    async with pool.connection() as connection:
        await connection.execute("UPDATE intents SET first_sent_ms = created_ms")
    filled = Outcome(IntentStatus.FILLED, filled_size_coin=event.data.intent.size_coin)
    await intents.finish(intent_from(event, now_ms), filled, now_ms)


@asynccontextmanager
async def risk_process(redis_url: str, database_url: str, **settings: str) -> AsyncIterator[ForkedProcess]:
    """Runs the service; kills it without warning at the end unless it has stopped by itself."""
    stores = {
        "REDIS_URL": own_redis_url("risk", redis_url),
        "DATABASE_URL": own_database_url("risk", database_url),
        "METRICS_PORT": "0",
    }
    process = ForkedProcess("risk.main", Path(os.devnull), PATIENT | stores | settings)
    try:
        yield process
    finally:
        await asyncio.to_thread(process.kill)


async def test_a_kill_loses_neither_a_halt_nor_a_reservation(
    around: Surroundings, redis_url: str, database_url: str
) -> None:
    async with risk_process(redis_url, database_url):
        approved = await around.judged("one")
        assert isinstance(approved.data, RiskApproved)
        assert approved.cycle_id == "one"
        assert approved.data.intent.stop_loss_price == 95_000
        command = ControlCommand(command=Command.HALT, model="deepseek", reason="test", requested_by="test")
        await around.send("gateway", originate(command, keys=(1,), time_ms=1, now_ms=1))
        await eventually("every event to be handled", around.all_handled)
    async with risk_process(redis_url, database_url):
        denied = await around.judged("two")
        assert isinstance(denied.data, RiskDenied)
        assert denied.data.denial_code == "STATE_HALTED"
        # The executor has not read the first approval: its coin stays reserved.
        assert "POSITION_HELD" in {result.code for result in denied.data.rules if not result.passed}


async def test_a_halt_is_effective_on_the_next_decision(
    around: Surroundings, redis_url: str, database_url: str
) -> None:
    async with risk_process(redis_url, database_url) as process:
        assert isinstance((await around.judged("one")).data, RiskApproved)
        # While risk is stopped, a halt and then two decisions arrive: only their order in time distinguishes them.
        process.signal(signal.SIGSTOP)
        command = ControlCommand(command=Command.HALT, model=None, reason="test", requested_by="test")
        await around.send("gateway", originate(command, keys=(1,), time_ms=1, now_ms=1))
        decisions = [
            a_decision_event(a_decision(symbol=Symbol.ETH), cycle="two", at_ms=SystemClock().now_ms(), model=model)
            for model in ROSTER.ids
        ]
        await around.send("agent-deepseek", *decisions)
        process.signal(signal.SIGCONT)
        for decision in decisions:
            verdict = await eventually("the verdict", partial(around.verdict_on, decision))
            assert isinstance(verdict.data, RiskDenied)
            assert verdict.data.denial_code == "STATE_HALTED"


async def test_a_wiped_redis_loses_no_halt_limit_count_or_condition(
    around: Surroundings, redis_url: str, database_url: str
) -> None:
    pool = await open_pool(database_url)
    minute_ms = 60_000
    async with risk_process(redis_url, database_url, MAX_DAILY_TRADES="1"):
        await eventually("every event to be handled", around.all_handled)
        await around.account(equity_usd=D(10_600))
        entry = await around.judged("one", a_decision(invalidation_condition=a_condition()))
        assert isinstance(entry.data, RiskApproved)
        await store_filled(pool, entry, SystemClock().now_ms())
        for number in range(2):
            await around.send("executor", a_stop(number))
        halt = ControlCommand(command=Command.HALT, model="qwen", reason="test", requested_by="test")
        await around.send("gateway", originate(halt, keys=(1,), time_ms=1, now_ms=1))
        await eventually("every event to be handled", around.all_handled)
        held = a_position(Symbol.BTC, intent_id=entry.id, size_coin=entry.data.intent.size_coin)
        await around.account(held, covers=(entry.id,))
        await around.bus.client.flushall()

        # The condition comes true; the exit that follows is lost as well, and repeated.
        boundary_ms = entry.data.intent.watched_after_ms + minute_ms
        series = a_series("1m", (98_000.0,), last_close_ms=boundary_ms)
        await around.account(held)
        await around.send("ingester", a_snapshot_event(series, boundary_ms=boundary_ms))
        exit_ = await eventually("the exit", partial(around.approved, IntentKind.INVALIDATION))
        assert exit_.data.intent.symbol is Symbol.BTC
        await around.bus.client.flushall()
    async with risk_process(redis_url, database_url, MAX_DAILY_TRADES="1"):
        await around.account(held)
        again = await eventually("the exit", partial(around.approved, IntentKind.INVALIDATION))
        assert again.id != exit_.id
        await around.account(covers=(again.id,))
        await around.send("executor", a_stop(2))
        denied = await around.judged("two", a_decision(symbol=Symbol.ETH), equity_usd=D(9_500))
        assert isinstance(denied.data, RiskDenied)
        failed = {result.code: result for result in denied.data.rules if not result.passed}
        # Three stops in all, one entry today, and the loss counts from the baseline of before: 10,600 to 9,500.
        assert set(failed) >= {"STATE_REDUCING", "DAILY_TRADES", "DAILY_LOSS"}
        assert "3 stops within 24 hours" in failed["STATE_REDUCING"].detail
        assert failed["DAILY_LOSS"].value == "10.3774"
    persistent = await RiskStateTable(pool, ROSTER.ids).load()
    assert persistent.record("deepseek").high_water_usd == 10_600
    assert [halt.reason for halt in persistent.halts if halt.model == "qwen"] == [Reason.PERSON]
    await pool.close()


async def test_sigterm_ends_the_service_cleanly(around: Surroundings, redis_url: str, database_url: str) -> None:
    async with risk_process(redis_url, database_url) as process:
        await around.judged("one")
        assert await asyncio.to_thread(process.stop) == 0


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MAX_LEVERAGE", "99", "MAX_LEVERAGE: input should be less than or equal to 50 (got '99')"),
        ("ALLOWED_SYMBOLS", "BTC,FOO", "ALLOWED_SYMBOLS: must be a comma list"),
        ("ALLOWED_SYMBOLS", "BTC,HYPE", "ALLOWED_SYMBOLS: this arena doesn't trade HYPE; choose from BTC,"),
        ("HYPERLIQUID_ENV", "mainnet", "MAX_NOTIONAL_USD: not set"),
    ],
)
async def test_a_wrong_setting_ends_the_start_with_its_name(variable: str, value: str, message: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "risk.main",
        env=os.environ | {"METRICS_PORT": "0", "DATABASE_URL": "postgresql://unused", variable: value},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 2
    assert stderr.decode().startswith(f"risk: {message}")


async def test_the_limits_in_force_are_published_and_restored(
    around: Surroundings, redis_url: str, database_url: str
) -> None:
    async with risk_process(redis_url, database_url, MAX_LEVERAGE="7", STOP_LOSS_PERCENT="1.5"):
        readme = Readme(around.bus.client, read_roster(None))
        await eventually("the limits", lambda: around.bus.client.exists("risk:limits"))
        text = " ".join((await readme.text("en")).split())
        assert "leverage at most 7" in text
        assert "a stop loss 1.5 % and a take profit 10 % away" in text
        await around.bus.client.delete("risk:limits")
        await eventually("the limits", lambda: around.bus.client.exists("risk:limits"))


async def test_the_equity_of_a_days_start_is_published(around: Surroundings, redis_url: str, database_url: str) -> None:
    async with risk_process(redis_url, database_url):
        before = SystemClock().now_ms() // DAY_MS
        await around.account(equity_usd=D("9876.5"))
        published = json.loads(await eventually("the day's equity", lambda: around.bus.client.get("risk:day:deepseek")))
        assert published["equity_usd"] == "9876.5"
        assert before <= published["day"] <= SystemClock().now_ms() // DAY_MS
        assert not await around.bus.client.exists("risk:day:qwen")
