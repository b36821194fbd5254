"""The risk service as a process of its own, with a real Redis and a real PostgreSQL."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.bus.port import Commit
from common.bus.redis_streams import RedisBus
from common.events import (
    AccountUpdated,
    Command,
    ControlCommand,
    Event,
    MarketTick,
    RiskApproved,
    RiskDenied,
    originate,
)
from common.events.codec import decode
from common.runtime.clock import SystemClock
from common.runtime.database import migrate, open_pool
from common.trading.symbols import SYMBOLS
from risk.testing import a_decision, a_decision_event, a_tick_event, an_account, an_account_event

DEADLINE_S = 30.0


async def eventually(probe: Callable[[], Awaitable[Any]]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := await probe():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("what was waited for did not come")


class Surroundings:
    """The other services, as far as risk can tell: their events on a real bus."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus

    async def send(self, source: str, *events: Event[Any]) -> None:
        await self.bus.commit(Commit(source, events=events))

    async def handled(self, stream: str) -> bool:
        """Whether risk has acknowledged all of a stream."""
        groups = await self.bus.client.xinfo_groups(stream) if await self.bus.client.exists(stream) else []
        return any(group["name"] == b"risk" and not group["pending"] and not group["lag"] for group in groups)

    async def all_handled(self) -> bool:
        streams = (MarketTick.TYPE, AccountUpdated.TYPE, ControlCommand.TYPE)
        return all([await self.handled(stream) for stream in streams])

    async def verdict_on(self, decision: Event[Any]) -> Event[Any] | None:
        for stream in (RiskApproved.TYPE, RiskDenied.TYPE):
            for _, fields in await self.bus.client.xrange(stream):
                event = decode(stream, fields[b"event"])
                if event.cause_id == decision.id:
                    return event
        return None

    async def judged(self, cycle: str) -> Event[Any]:
        """The verdict on a decision of now, made amid fresh prices and a fresh account state."""
        now_ms = SystemClock().now_ms()
        await self.send("ingester", *(a_tick_event(symbol, at_ms=now_ms) for symbol in SYMBOLS))
        await self.send("executor", an_account_event(an_account(), at_ms=now_ms))
        await eventually(self.all_handled)
        decision = a_decision_event(a_decision(), cycle=cycle, at_ms=SystemClock().now_ms())
        await self.send("agent-deepseek", decision)
        verdict: Event[Any] = await eventually(lambda: self.verdict_on(decision))
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


@asynccontextmanager
async def risk_process(redis_url: str, database_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs the service; kills it without warning at the end unless it has stopped by itself."""
    environment = os.environ | {"REDIS_URL": redis_url, "DATABASE_URL": database_url, "METRICS_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "risk.main", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_judges_and_remembers_a_halt_and_a_reservation_over_a_kill(
    around: Surroundings, redis_url: str, database_url: str
) -> None:
    async with risk_process(redis_url, database_url):
        approved = await around.judged("one")
        assert isinstance(approved.data, RiskApproved)
        assert approved.cycle_id == "one"
        assert approved.data.intent.stop_loss_price == 95_000
        command = ControlCommand(command=Command.HALT, model="deepseek", reason="test", requested_by="test")
        await around.send("gateway", originate(command, keys=(1,), time_ms=1, now_ms=1))
        await eventually(around.all_handled)
    async with risk_process(redis_url, database_url):
        denied = await around.judged("two")
        assert isinstance(denied.data, RiskDenied)
        assert denied.data.code == "STATE_HALTED"
        # Nobody has taken the approval of before: its coin stays reserved.
        assert "POSITION_HELD" in {result.code for result in denied.data.rules if not result.passed}


async def test_it_ends_cleanly_on_sigterm(around: Surroundings, redis_url: str, database_url: str) -> None:
    async with risk_process(redis_url, database_url) as process:
        await around.judged("one")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("MAX_LEVERAGE", "99", "MAX_LEVERAGE: input should be less than or equal to 50 (got '99')"),
        ("ALLOWED_SYMBOLS", "BTC,FOO", "ALLOWED_SYMBOLS: must be a comma list"),
        ("HYPERLIQUID_ENV", "mainnet", "MAX_NOTIONAL_USD: not set"),
    ],
)
async def test_a_wrong_setting_ends_the_start_with_its_name(variable: str, value: str, complaint: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "risk.main",
        env=os.environ | {"METRICS_PORT": "0", variable: value},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 2
    assert stderr.decode().startswith(f"risk: {complaint}")
