"""A deferred handler is asked once: its answer outlives an outage of Redis and a stop, on a real Redis."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
import structlog
from bus_harness import ReplyProxy
from harness import eventually
from store_faults import cut_connections, read_only, without_replicas

from aicoin_local.process.supervise import STOP_LIMIT_S
from common.bus import Commit
from common.bus.redis_streams import REPLY_LIMIT_S, RedisBus, read_entry
from common.events import AlertSeverity, Event, MarketSnapshot, SystemAlert, derive, originate
from common.runtime.consuming.consumer import BLOCK_MS, DRAIN_LIMIT_S
from common.runtime.consuming.session_loop import CONNECTION_CONDITION
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings

NAME = "agent-deepseek"
FAULTS = [without_replicas, read_only]


class DeferredHarness:
    """A service whose one deferred handler answers once `free` is set; everything else is Redis itself."""

    def __init__(self, service: Service, bus: RedisBus) -> None:
        self.service, self.bus = service, bus
        self.free = asyncio.Event()
        self.asked: list[str] = []
        self.answered: list[str] = []
        service.on_deferred(MarketSnapshot, lambda event, now_ms: self._answer(event))
        self.running = asyncio.ensure_future(service.run())

    async def _answer(self, event: Event[Any]) -> tuple[Event[Any], ...]:
        self.asked.append(event.id)
        await self.free.wait()
        self.answered.append(event.id)
        return answer(event)

    async def until_asked(self) -> None:
        await eventually("the request", lambda: self.asked)

    async def until_outage(self) -> None:
        await eventually("the outage", lambda: CONNECTION_CONDITION in self.service.readiness.unmet)

    async def until_sessions_go_on(self) -> None:
        await eventually("a session", lambda: not self.service.readiness.unmet)

    async def until_acknowledged(self) -> None:
        await eventually("the acknowledgment", self.is_acknowledged)

    async def is_acknowledged(self) -> bool:
        try:
            return await pending(self.bus) == 0
        except redis.asyncio.ConnectionError:  # The test's own connection was cut too.
            return False


async def publish_snapshot(bus: RedisBus, number: int) -> None:
    payload = MarketSnapshot(
        run_id="r",
        cycle_number=number,
        boundary_ms=60_000 * number,
        interval_s=60,
        missed_cycles=0,
        partial=False,
        coins={},
        sentiment=None,
    )
    await bus.commit(Commit("ingester", events=[originate(payload, keys=(number,), time_ms=number, now_ms=number)]))


def answer(event: Event[Any]) -> tuple[Event[Any], ...]:
    payload = SystemAlert(
        code="ANSWERED", severity=AlertSeverity.INFO, service=NAME, model=None, message=event.id, figures={}
    )
    return (derive(event, payload, 1),)


async def alerts(bus: RedisBus) -> list[str]:
    entries: Any = await bus.client.xrange(SystemAlert.TYPE)
    return [read_entry(SystemAlert.TYPE, fields).data.message for _, fields in entries]


async def pending(bus: RedisBus) -> int:
    summary: dict[str, Any] = await bus.client.xpending(MarketSnapshot.TYPE, NAME)
    return int(summary["pending"])


@pytest.fixture(autouse=True)
def _structlog() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_url)
    await bus.prepare("test", [])
    await publish_snapshot(bus, 1)
    yield bus
    await bus.close()


@asynccontextmanager
async def serving(bus: RedisBus, url: str, *, drain_limit_s: float = DRAIN_LIMIT_S) -> AsyncIterator[DeferredHarness]:
    settings = ServiceSettings(redis_url=url, metrics_port=0)
    async with Service.open(NAME, settings, drain_limit_s=drain_limit_s) as service:
        harness = DeferredHarness(service, bus)
        try:
            yield harness
        finally:
            service.stop()
            await harness.running


async def expect_one_answer(harness: DeferredHarness) -> None:
    assert len(harness.asked) == 1
    assert await alerts(harness.bus) == harness.asked


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_that_comes_during_an_outage_is_kept(bus: RedisBus, redis_url: str, fault: Any) -> None:
    async with serving(bus, redis_url) as harness:
        await harness.until_asked()
        with fault(redis_url):
            await harness.until_outage()
            harness.free.set()
            await eventually("the answer", lambda: harness.answered)
        await harness.until_acknowledged()
        await expect_one_answer(harness)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_request_that_runs_outlives_an_outage(bus: RedisBus, redis_url: str, fault: Any) -> None:
    async with serving(bus, redis_url) as harness:
        await harness.until_asked()
        with fault(redis_url):
            await harness.until_outage()
        await harness.until_sessions_go_on()
        harness.free.set()
        await harness.until_acknowledged()
        await expect_one_answer(harness)


async def test_a_request_that_runs_outlives_cut_connections(bus: RedisBus, redis_url: str) -> None:
    async with serving(bus, redis_url) as harness:
        await harness.until_asked()
        with cut_connections(redis_url):
            await harness.until_sessions_go_on()
        harness.free.set()
        await harness.until_acknowledged()
        await expect_one_answer(harness)


async def test_an_answer_whose_commit_lost_its_reply_counts_once(bus: RedisBus, redis_url: str) -> None:
    address = redis.asyncio.ConnectionPool.from_url(redis_url).connection_kwargs
    proxy = ReplyProxy(address["host"], address["port"])
    await proxy.start()
    try:
        async with serving(bus, proxy.url(redis_url)) as harness:
            await harness.until_asked()
            proxy.swallow = True
            harness.free.set()
            await harness.until_acknowledged()
            await harness.until_sessions_go_on()
            await expect_one_answer(harness)
    finally:
        await proxy.stop()


async def test_a_stop_during_an_outage_waits_for_redis_within_its_limit(bus: RedisBus, redis_url: str) -> None:
    async with serving(bus, redis_url) as harness:
        await harness.until_asked()
        outage: AbstractContextManager[None] = without_replicas(redis_url)
        with outage:
            await harness.until_outage()
            os.kill(os.getpid(), signal.SIGTERM)
            harness.free.set()
            await eventually("the answer", lambda: harness.answered)
            assert not harness.running.done()
        await harness.running
        await harness.until_acknowledged()
        await expect_one_answer(harness)


async def test_an_answer_that_a_stop_can_not_commit_leaves_its_entry_pending(
    bus: RedisBus, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(bus, redis_url, drain_limit_s=0.5) as harness:
        await harness.until_asked()
        with without_replicas(redis_url):
            await harness.until_outage()
            harness.free.set()
            await eventually("the answer", lambda: harness.answered)
            harness.service.stop()
            await harness.running
        assert await alerts(harness.bus) == []
        assert not await harness.is_acknowledged()
    assert "not committed at the drain limit" in capsys.readouterr().out


async def run_until_sigterm(redis_url: str, seconds: float, asked: list[str], *, drain_limit_s: float) -> float:
    """Runs a service whose deferred handler takes `seconds`, sends SIGTERM once it runs; the seconds until the end."""
    settings = ServiceSettings(redis_url=redis_url, metrics_port=0)
    started = asyncio.Event()

    async def later(event: Event[Any]) -> tuple[Event[Any], ...]:
        asked.append(event.id)
        started.set()
        await asyncio.sleep(seconds)
        return answer(event)

    async with Service.open(NAME, settings, drain_limit_s=drain_limit_s) as service:
        service.on_deferred(MarketSnapshot, lambda event, now_ms: later(event))
        running = asyncio.ensure_future(service.run())
        await asyncio.wait_for(started.wait(), 60)
        stopped_s = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        return time.monotonic() - stopped_s


async def test_an_answer_awaited_at_sigterm_is_committed_exactly_once(bus: RedisBus, redis_url: str) -> None:
    asked: list[str] = []
    await run_until_sigterm(redis_url, 2.0, asked, drain_limit_s=DRAIN_LIMIT_S)
    assert await alerts(bus) == asked
    assert len(asked) == 1
    assert await pending(bus) == 0


async def test_a_handler_that_hangs_is_cancelled_at_the_drain_limit(
    bus: RedisBus, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    took_s = await run_until_sigterm(redis_url, 3_600, [], drain_limit_s=0.5)
    assert 0.5 <= took_s < 0.5 + BLOCK_MS / 1000 + 5
    assert await alerts(bus) == []
    assert await pending(bus) == 1
    assert "deferred handlers cancelled at the drain limit" in capsys.readouterr().out


async def test_no_deferred_handler_starts_after_the_stop(bus: RedisBus, redis_url: str) -> None:
    asked: list[str] = []
    running = asyncio.ensure_future(run_until_sigterm(redis_url, 2.0, asked, drain_limit_s=DRAIN_LIMIT_S))
    await eventually("the request", lambda: asked)
    await publish_snapshot(bus, 2)
    await running
    assert len(asked) == 1
    assert len(await alerts(bus)) == 1


def test_reading_draining_and_a_slow_reply_fit_the_supervisors_limit() -> None:
    assert BLOCK_MS / 1000 + DRAIN_LIMIT_S + REPLY_LIMIT_S < STOP_LIMIT_S
