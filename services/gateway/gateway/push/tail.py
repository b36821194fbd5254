"""Reads ws.push once for all clients: the whole stream, without a consumer group, so that every replica reads all.

`run` is the only task that touches the stream. It begins with the newest entries, which fill the hub's history so
that clients of a restarted gateway can still catch up, and goes on with blocking reads from there. After each reading
it calls `flush`, which sends what was read before the next reading begins.

Failure. While Redis is unavailable it is not ready (condition `pushes`), pauses with backoff, and reads on from the
last entry: nothing is skipped that the stream still holds. A stream whose newest id lies before the last entry was
wiped: the reading starts from its beginning, and the new entries' epoch makes the hub discard its history. An
unreadable entry is logged and skipped. Any other exception ends the service.
"""

from collections.abc import Callable
from typing import Any

from common.bus.redis_streams import connect, read_entry
from common.events import Channel, WsPush
from common.events.codec import UnreadableEvent
from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway.push import metrics
from gateway.push.hub import Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock

STREAM = WsPush.TYPE
BEGINNING = "0-0"
BLOCK_MS = 2_000
READ_ENTRIES = 500
HISTORY_ENTRIES = 3_000


class Tail:
    """Feeds the hub with the stream's entries."""

    def __init__(
        self,
        service: Service,
        hub: Hub,
        redis_url: str,
        latency: PushLatency,
        market_clock: MarketClock,
        flush: Callable[[], None],
    ) -> None:
        self._service, self._hub, self._latency, self._flush = service, hub, latency, flush
        self._market_clock = market_clock
        self._redis = connect(redis_url, reply_limit_s=BLOCK_MS / 1000 + 5)
        self._last_id = BEGINNING

    async def run(self) -> None:
        """Runs for ever."""
        pause = Backoff(base_s=0.2, cap_s=5)
        while True:
            try:
                if self._last_id == BEGINNING:
                    await self._read_history()
                await self._read()
                self._service.set_ready("pushes", True)
                pause.reset()
            except Exception as error:
                if not is_outage(error):
                    raise
                self._service.set_ready("pushes", False, f"Redis does not answer; check REDIS_URL: {error}")
                await self._service.clock.sleep(pause.next_s())

    async def _read_history(self) -> None:
        """The newest entries; they are no measure of latency."""
        entries: Any = await self._redis.xrevrange(STREAM, count=HISTORY_ENTRIES)
        for entry_id, fields in reversed(entries):
            self._accept(entry_id, fields, is_live=False)

    async def _read(self) -> None:
        reply: Any = await self._redis.xread({STREAM: self._last_id}, count=READ_ENTRIES, block=BLOCK_MS)
        # RESP3 replies with a mapping of streams to lists of pages, RESP2 with pairs of stream and entries.
        pages = reply.values() if isinstance(reply, dict) else [page for _, page in reply or ()]
        for page in pages:
            for entry_id, fields in page[0] if page and isinstance(page[0], list) else page:
                self._accept(entry_id, fields, is_live=True)
        if pages:
            self._flush()
        else:
            await self._detect_wipe()

    async def _detect_wipe(self) -> None:
        newest: Any = await self._redis.xrevrange(STREAM, count=1)
        newest_id = newest[0][0].decode() if newest else BEGINNING
        if _parts(newest_id) < _parts(self._last_id):
            self._last_id = BEGINNING

    def _accept(self, entry_id: bytes, fields: dict[bytes, bytes], *, is_live: bool) -> None:
        self._last_id = entry_id.decode()
        try:
            event = read_entry(STREAM, fields)
        except UnreadableEvent as error:
            self._service.log.error(
                "skipped an unreadable event", stream=STREAM, entry_id=self._last_id, reason=str(error)
            )
            return
        channel = event.data.channel.value
        metrics.PUSHES.labels(channel).inc()
        if channel == Channel.PRICE_UPDATE:
            age_ms = self._service.clock.now_ms() - event.recorded_ms
            if is_live:
                self._latency.record(age_ms)
                self._market_clock.observe(event.time_ms)
            else:
                self._market_clock.assume(event.time_ms, age_ms / 1000)
        if event.epoch is not None and event.channel_sequence is not None:
            self._hub.accept(channel, event.channel_sequence, event.epoch, event.time_ms, event.data.data)


def _parts(entry_id: str) -> tuple[int, int]:
    """A stream id as numbers, which compare in the stream's order."""
    ms, _, index = entry_id.partition("-")
    return int(ms), int(index or 0)
