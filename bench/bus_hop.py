"""The latency of one hop: publish, consume."""

import asyncio
import statistics
import time
from typing import Any

import structlog
from bus_events import BATCH, STREAM, entries_of
from faststream.redis import BinaryMessageFormatV1, RedisBroker, StreamSub
from redis.asyncio import Redis

from common.bus import Commit
from common.bus.redis_streams import RedisBus, connect
from common.events import Event, MarketTick
from common.events.codec import decode, encode
from common.runtime.clock import SystemClock
from common.runtime.consuming.consumer import Consumer
from common.runtime.consuming.handlers import Handlers
from common.runtime.outages import is_outage


class Hop:
    """Publish → consume at a steady 1,000 a second; the median in microseconds."""

    def __init__(self, url: str, client: Redis, events: list[Event[MarketTick]], count: int) -> None:
        self.url, self.client, self.events, self.count = url, client, events, count

    async def arena(self) -> float:
        await self.client.flushall()
        sender, receiver, stopping = RedisBus(self.url), RedisBus(self.url), asyncio.Event()
        latencies: list[float] = []

        def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
            latencies.append(time.perf_counter_ns() / 1000 - event.time_ms)
            if len(latencies) == self.count:
                stopping.set()
            return ()

        consumer = Consumer(
            receiver,
            SystemClock(),
            structlog.get_logger(),
            service="risk",
            consumer="a",
            streams=[STREAM],
            handlers=Handlers(each={STREAM: handle}, deferred={}),
            fence=lambda: None,
            is_outage=is_outage,
        )
        ready = asyncio.Event()
        consuming = asyncio.create_task(consumer.session(stopping, ready.set))
        await ready.wait()

        async def send(event: Event[Any]) -> None:
            await sender.commit(Commit("ingester", events=[event]))

        await self._send_at_a_thousand_a_second(send)
        await consuming
        await sender.close()
        await receiver.close()
        return statistics.median(latencies)

    async def redis_py(self) -> float:
        await self.client.flushall()
        reader = connect(self.url)
        await reader.xgroup_create(STREAM, "risk", id="0", mkstream=True)
        latencies: list[float] = []

        async def read() -> None:
            while len(latencies) < self.count:
                reply: Any = await reader.xreadgroup("risk", "a", {STREAM: ">"}, count=BATCH, block=1000)
                for entry_id, fields in entries_of(reply):
                    event = decode(STREAM, fields[b"event"])
                    latencies.append(time.perf_counter_ns() / 1000 - event.time_ms)
                    await reader.xack(STREAM, "risk", entry_id)

        reading = asyncio.create_task(read())

        async def send(event: Event[Any]) -> None:
            await self.client.xadd(STREAM, {"event": encode(event)})

        await self._send_at_a_thousand_a_second(send)
        await reading
        await reader.aclose()
        return statistics.median(latencies)

    async def faststream(self) -> float:
        await self.client.flushall()
        latencies: list[float] = []
        done = asyncio.Event()
        broker = RedisBroker(self.url, logger=None, message_format=BinaryMessageFormatV1)
        await self.client.xgroup_create(STREAM, "risk", id="0", mkstream=True)

        @broker.subscriber(stream=StreamSub(STREAM, group="risk", consumer="a", last_id=">"))
        async def one(message: Event[MarketTick]) -> None:
            latencies.append(time.perf_counter_ns() / 1000 - message.time_ms)
            if len(latencies) == self.count:
                done.set()

        async with broker:
            await broker.start()

            async def send(event: Event[Any]) -> None:
                await broker.publish(event, stream=STREAM)

            await self._send_at_a_thousand_a_second(send)
            await done.wait()
        return statistics.median(latencies)

    async def _send_at_a_thousand_a_second(self, send: Any) -> None:
        started = time.perf_counter()
        for number in range(self.count):
            wait = started + number / 1000 - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            template = self.events[number % len(self.events)]
            now_us = time.perf_counter_ns() // 1000
            await send(template.model_copy(update={"id": f"{now_us:032x}", "time_ms": now_us}))
