"""A stopped service lets deferred handlers finish within its drain limit, on a real Redis and by a real SIGTERM."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
from harness import eventually

from aicoin_local.process.supervise import STOP_LIMIT_S
from common.bus import Commit
from common.bus.redis_streams import REPLY_LIMIT_S, RedisBus, read_entry
from common.events import AlertSeverity, Event, MarketSnapshot, SystemAlert, derive, originate
from common.runtime.consuming.consumer import BLOCK_MS, DRAIN_LIMIT_S
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings

NAME = "agent-deepseek"


@pytest.fixture(autouse=True)
def _structlog() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_url)
    await bus.prepare("test", [])
    yield bus
    await bus.close()


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
    await publish_snapshot(bus, 1)
    asked: list[str] = []
    await run_until_sigterm(redis_url, 2.0, asked, drain_limit_s=DRAIN_LIMIT_S)
    assert await alerts(bus) == asked
    assert len(asked) == 1
    assert await pending(bus) == 0


async def test_a_handler_that_hangs_is_cancelled_at_the_drain_limit(
    bus: RedisBus, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await publish_snapshot(bus, 1)
    took_s = await run_until_sigterm(redis_url, 3_600, [], drain_limit_s=0.5)
    assert 0.5 <= took_s < 0.5 + BLOCK_MS / 1000 + 5
    assert await alerts(bus) == []
    assert await pending(bus) == 1
    assert "deferred handlers cancelled at the drain limit" in capsys.readouterr().out


async def test_no_deferred_handler_starts_after_the_stop(bus: RedisBus, redis_url: str) -> None:
    await publish_snapshot(bus, 1)
    asked: list[str] = []
    running = asyncio.ensure_future(run_until_sigterm(redis_url, 2.0, asked, drain_limit_s=DRAIN_LIMIT_S))
    await eventually("the request", lambda: asked)
    await publish_snapshot(bus, 2)
    await running
    assert len(asked) == 1
    assert len(await alerts(bus)) == 1


def test_reading_draining_and_a_slow_reply_fit_the_supervisors_limit() -> None:
    assert BLOCK_MS / 1000 + DRAIN_LIMIT_S + REPLY_LIMIT_S < STOP_LIMIT_S
