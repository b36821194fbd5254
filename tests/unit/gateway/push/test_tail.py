"""The tail over a real Redis: history first, then live entries, over a wipe and an unreadable entry."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from harness import eventually

from common.bus import Commit
from common.bus.redis_streams import RedisBus
from common.events import Channel, WsPush, originate
from common.runtime.clock import SystemClock
from gateway.push.hub import Client, Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock
from gateway.push.protocol import Subscribe
from gateway.push.tail import Tail


class TailHarness:
    """A tail with its hub, and the bus that its stream is published through."""

    def __init__(self, redis_url: str) -> None:
        self.bus, self.hub, self.latency = RedisBus(redis_url), Hub(), PushLatency()
        self.readiness: dict[str, bool] = {}
        self.errors: list[dict[str, Any]] = []
        self.flushes = 0
        service: Any = SimpleNamespace(
            clock=SystemClock(),
            log=SimpleNamespace(error=lambda *_, **fields: self.errors.append(fields)),
            set_ready=lambda name, ready, reason="": self.readiness.update({name: ready}),
        )
        self.market_clock = MarketClock(service.clock)
        self.tail = Tail(service, self.hub, redis_url, self.latency, self.market_clock, self.flush)

    def flush(self) -> None:
        self.flushes += 1
        self.hub.distribute()

    async def publish(self, number: int, channel: Channel = Channel.AI_DECISION, data: Any = None) -> None:
        push = WsPush(channel=channel, data=data or {"number": number})
        now_ms = SystemClock().now_ms()
        await self.bus.commit(
            Commit("recorder", events=[originate(push, keys=(channel, number), time_ms=now_ms, now_ms=now_ms)])
        )


@pytest.fixture
async def harness(redis_url: str) -> AsyncIterator[TailHarness]:
    harness = TailHarness(redis_url)
    await harness.bus.prepare("recorder", [])
    yield harness
    await harness.bus.close()


async def test_entries_from_before_the_start_are_history_then_live_ones_are_sent(harness: TailHarness) -> None:
    await harness.publish(1)
    await harness.publish(1, Channel.PRICE_UPDATE, {"prices": {"BTC": {"price": "1"}}})
    running = asyncio.create_task(harness.tail.run())
    await eventually("the entry", lambda: harness.hub.last_seq("ai_decision") == 1)
    assert harness.latency.summary()["count"] == 0  # The age of history is no latency.
    assert abs((harness.market_clock.now_ms() or 0) - SystemClock().now_ms()) < 5_000
    client = Client(channels={"ai_decision"})
    harness.hub.distribute()
    harness.hub.clients.add(client)
    await harness.publish(2)
    await harness.publish(2, Channel.PRICE_UPDATE, {"prices": {"BTC": {"price": "2"}}})
    await eventually("the push", lambda: harness.latency.summary()["count"] == 1)
    assert json.loads(client.drain() or "")["data"] == {"number": 2}
    assert harness.flushes >= 1
    await eventually("readiness", lambda: harness.readiness.get("pushes") is True)
    replayed = harness.hub.missed("ai_decision", 0, harness.hub.epoch)
    assert [message.seq for message in replayed or ()] == [1, 2]
    running.cancel()


async def test_an_unreadable_entry_is_logged_and_skipped(harness: TailHarness) -> None:
    running = asyncio.create_task(harness.tail.run())
    await harness.bus.client.xadd("ws.push", {"event": "not an event"})
    await harness.publish(1)
    await eventually("the entry", lambda: harness.hub.last_seq("ai_decision") == 1)
    assert len(harness.errors) == 1
    running.cancel()


async def test_a_wiped_stream_is_read_from_its_beginning_with_a_new_epoch(harness: TailHarness) -> None:
    running = asyncio.create_task(harness.tail.run())
    for number in range(1, 4):
        await harness.publish(number)
    await eventually("the entry", lambda: harness.hub.last_seq("ai_decision") == 3)
    before = harness.hub.epoch
    await harness.bus.client.flushall()
    await harness.bus.prepare("recorder", [])
    await harness.publish(4)
    await eventually("another epoch", lambda: harness.hub.epoch != before)
    assert harness.hub.last_seq("ai_decision") == 1
    request = Subscribe(("ai_decision",), {"ai_decision": 3}, before)
    assert list(harness.hub.needs_snapshot(request)) == ["ai_decision"]
    running.cancel()
