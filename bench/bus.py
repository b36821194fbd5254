"""The bus against redis-py and FastStream: publish, consume, consume with one output each, and the latency of a hop.

Run: make bench NAME=bus. Every candidate sends and reads the same event through the same pydantic model. Figures are
events per second unless stated otherwise; only the ratios within one run mean something.
"""

import argparse
import asyncio
import time
from typing import Any

import structlog
import uvloop
from bus_events import BATCH, STREAM, entries_of, tick
from bus_hop import Hop
from faststream.redis import BinaryMessageFormatV1, RedisBroker, StreamSub
from redis.asyncio import Redis
from report import Race, write_json

from common.bus import Commit
from common.bus.redis_streams import RedisBus, connect, read_entry
from common.events import Event, MarketTick, WsPush, derive
from common.events.codec import decode, encode
from common.events.push import Channel
from common.runtime.clock import SystemClock
from common.runtime.consuming.consumer import Consumer
from common.runtime.consuming.handlers import Handlers
from common.runtime.garbage_collection import tune_gc
from common.runtime.outages import is_outage


class Bench:
    """One server, one set of events, and each candidate as a coroutine that returns events per second."""

    def __init__(self, redis_url: str, events: int) -> None:
        self.url = redis_url
        self.client: Redis = connect(redis_url)
        self.events = [tick(number) for number in range(events)]

    async def empty(self) -> None:
        await self.client.flushall()

    def rate(self, started: float) -> float:
        return len(self.events) / (time.perf_counter() - started)

    def batches(self) -> list[list[Event[MarketTick]]]:
        return [self.events[at : at + BATCH] for at in range(0, len(self.events), BATCH)]

    async def fill(self) -> None:
        """The stream as the ingester leaves it, with a group of each reader."""
        await self.empty()
        bus = RedisBus(self.url)
        await bus.prepare("risk", [STREAM])
        for batch in self.batches():
            await bus.commit(Commit("ingester", events=batch))
        await bus.close()

    # Publishing, batched.

    async def publish_arena(self) -> float:
        await self.empty()
        bus = RedisBus(self.url)
        await bus.prepare("risk", [STREAM])
        started = time.perf_counter()
        for batch in self.batches():
            await bus.commit(Commit("ingester", events=batch))
        rate = self.rate(started)
        await bus.close()
        return rate

    async def publish_redis_py(self) -> float:
        await self.empty()
        started = time.perf_counter()
        for batch in self.batches():
            async with self.client.pipeline(transaction=False) as pipe:
                for event in batch:
                    pipe.xadd(STREAM, {"event": encode(event), "source": "ingester"})
                await pipe.execute()
        return self.rate(started)

    async def publish_faststream(self) -> float:
        await self.empty()
        async with RedisBroker(self.url, logger=None, message_format=BinaryMessageFormatV1) as broker:
            started = time.perf_counter()
            for batch in self.batches():
                async with broker._connection.pipeline(transaction=False) as pipe:
                    for event in batch:
                        await broker.publish(event, stream=STREAM, pipeline=pipe)
                    await pipe.execute()
            return self.rate(started)

    # Consuming without outputs.

    async def consume_arena(self) -> float:
        await self.fill()
        return await self._consume(lambda event, now_ms: ())

    async def consume_redis_py(self) -> float:
        await self.fill()
        started, seen = time.perf_counter(), 0
        while seen < len(self.events):
            reply: Any = await self.client.xreadgroup("risk", "a", {STREAM: ">"}, count=BATCH)
            entries = entries_of(reply)
            for _, fields in entries:
                read_entry(STREAM, fields)
            await self.client.xack(STREAM, "risk", *[entry_id for entry_id, _ in entries])
            seen += len(entries)
        return self.rate(started)

    async def consume_faststream(self) -> float:
        return await self._consume_faststream(batch=False)

    async def consume_faststream_batch(self) -> float:
        return await self._consume_faststream(batch=True)

    async def _consume_faststream(self, *, batch: bool) -> float:
        await self.empty()
        done, seen, limit = asyncio.Event(), 0, len(self.events)
        broker = RedisBroker(self.url, logger=None, message_format=BinaryMessageFormatV1)
        sub = StreamSub(STREAM, group="risk", consumer="a", batch=batch, max_records=BATCH, last_id=">")

        async def handle(message: Any) -> None:
            nonlocal seen
            seen += len(message) if batch else 1
            if seen >= limit:
                done.set()

        if batch:

            @broker.subscriber(stream=sub)
            async def many(message: list[Event[MarketTick]]) -> None:
                await handle(message)

        else:

            @broker.subscriber(stream=sub)
            async def one(message: Event[MarketTick]) -> None:
                await handle(message)

        await self.client.xgroup_create(STREAM, "risk", id="0", mkstream=True)
        async with broker:
            for chunk in self.batches():
                async with broker._connection.pipeline(transaction=False) as pipe:
                    for event in chunk:
                        await broker.publish(event, stream=STREAM, pipeline=pipe)
                    await pipe.execute()
            started = time.perf_counter()
            await broker.start()
            await done.wait()
            return self.rate(started)

    # Consuming with one output each.

    async def relay_arena(self) -> float:
        await self.fill()
        return await self._consume(lambda event, now_ms: (_output(event),))

    async def relay_redis_py(self) -> float:
        await self.fill()
        started, seen = time.perf_counter(), 0
        while seen < len(self.events):
            reply: Any = await self.client.xreadgroup("risk", "a", {STREAM: ">"}, count=BATCH)
            entries = entries_of(reply)
            async with self.client.pipeline(transaction=False) as pipe:
                for entry_id, fields in entries:
                    output = _output(decode(STREAM, fields[b"event"]))
                    pipe.xadd(output.type, {"event": encode(output), "source": "risk"})
                    pipe.xack(STREAM, "risk", entry_id)
                await pipe.execute()
            seen += len(entries)
        return self.rate(started)

    async def _consume(self, handler: Any) -> float:
        bus, stopping, seen = RedisBus(self.url), asyncio.Event(), 0

        def handle(event: Event[Any], now_ms: int) -> tuple[Event[Any], ...]:
            nonlocal seen
            seen += 1
            if seen == len(self.events):
                stopping.set()
            result: tuple[Event[Any], ...] = handler(event, now_ms)
            return result

        consumer = Consumer(
            bus,
            SystemClock(),
            structlog.get_logger(),
            service="risk",
            consumer="a",
            streams=[STREAM],
            handlers=Handlers(each={STREAM: handle}, deferred={}),
            fence=lambda: None,
            is_outage=is_outage,
        )
        started = time.perf_counter()
        await consumer.session(stopping, lambda: None)
        rate = self.rate(started)
        await bus.close()
        return rate


def _output(event: Event[Any]) -> Event[WsPush]:
    return derive(event, WsPush(channel=Channel.PRICE_UPDATE, data={"price": "117550.5"}), 1)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", required=True, help="an empty Redis of your own; it is flushed")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    bench = Bench(options.redis_url, options.events)
    hop = Hop(bench.url, bench.client, bench.events, count=3_000)

    publish = Race("Publish, batches of 256", "events/s")
    await publish.run(
        {
            "aicoin": bench.publish_arena,
            "redis-py pipeline": bench.publish_redis_py,
            "FastStream pipeline": bench.publish_faststream,
        },
        options.rounds,
    )
    consume = Race("Consume: decode, handler without outputs, commit", "events/s")
    await consume.run(
        {
            "aicoin": bench.consume_arena,
            "bare redis-py loop": bench.consume_redis_py,
            "FastStream per message": bench.consume_faststream,
            "FastStream batch": bench.consume_faststream_batch,
        },
        options.rounds,
    )
    relay = Race("Consume with one output each (AIcoin: exactly once)", "events/s")
    await relay.run({"aicoin": bench.relay_arena, "XADD + XACK pipeline": bench.relay_redis_py}, options.rounds)
    latency = Race("Publish to consume at 1,000 a second, p50", "µs", higher_is_better=False)
    await latency.run({"aicoin": hop.arena, "redis-py": hop.redis_py, "FastStream": hop.faststream}, options.rounds)

    rows = publish.print("aicoin", {"FastStream pipeline": 3.0, "redis-py pipeline": 1.5})
    rows += consume.print(
        "aicoin", {"FastStream per message": 20.0, "FastStream batch": 2.0, "bare redis-py loop": 0.8}
    )
    rows += relay.print("aicoin", {"XADD + XACK pipeline": 1.2})
    rows += latency.print("aicoin", {"FastStream": 0.5})
    write_json(options.json, [publish, consume, relay, latency], rows)
    await bench.client.aclose()


if __name__ == "__main__":
    tune_gc()  # As every service runs; it serves all candidates alike.
    uvloop.run(main())
