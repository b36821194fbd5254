"""Reads ws.push once for all clients: the whole stream, no group; survives outages and wipes."""

from collections import deque
from collections.abc import Callable
from typing import Any

from common.bus.redis_streams import connect, read_entry
from common.events import Channel, WsPush
from common.events.codec import UnreadableEvent
from common.runtime.backoff import Backoff
from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway import metrics
from gateway.hub import Hub

STREAM = WsPush.TYPE
BLOCK_MS = 2_000
PAGE = 500
KEPT_AGES = 1_000
START_PAGE = 3_000


class PushAges:
    """How old the latest price pushes were when they came here, from the ingester's making them; ms."""

    def __init__(self) -> None:
        self._ages: deque[int] = deque(maxlen=KEPT_AGES)

    def note(self, age_ms: int) -> None:
        self._ages.append(max(0, age_ms))

    def summary(self) -> dict[str, Any]:
        ages = sorted(self._ages)
        p50, p99 = (ages[round(share * (len(ages) - 1))] if ages else None for share in (0.5, 0.99))
        return {"name": "tick_to_push", "p50_ms": p50, "p99_ms": p99, "count": len(ages)}


class Tail:
    """Feeds the hub, and has it all sent (`flush`) after each reading."""

    def __init__(self, service: Service, hub: Hub, redis_url: str, ages: PushAges, flush: Callable[[], None]) -> None:
        self._service, self._hub, self._ages, self._flush = service, hub, ages, flush
        self._is_past = False
        self._redis: Any = connect(redis_url, reply_limit_s=BLOCK_MS / 1000 + 5)
        self._after = "0-0"

    async def run(self) -> None:
        """For ever: the recent past first, then what comes."""
        pause = Backoff(base_s=0.2, cap_s=5)
        while True:
            try:
                if self._after == "0-0":
                    await self._read_past()
                await self._read()
                self._service.set_ready("pushes", True)
                pause.reset()
            except Exception as error:
                if not is_outage(error):
                    raise
                self._service.set_ready("pushes", False, f"Redis does not answer; check REDIS_URL: {error}")
                await self._service.clock.sleep(pause.next_s())

    async def _read_past(self) -> None:
        """The newest entries, so that clients can catch up on what they missed."""
        entries = await self._redis.xrevrange(STREAM, count=START_PAGE)
        self._is_past = True
        for entry_id, fields in reversed(entries):
            self._take(entry_id, fields)
        self._is_past = False

    async def _read(self) -> None:
        reply: Any = await self._redis.xread({STREAM: self._after}, count=PAGE, block=BLOCK_MS)
        pages = reply.values() if isinstance(reply, dict) else [page for _, page in reply or ()]
        for page in pages:
            for entry_id, fields in page[0] if page and isinstance(page[0], list) else page:
                self._take(entry_id, fields)
        if pages:
            self._flush()
        else:
            await self._notice_wipe()

    async def _notice_wipe(self) -> None:
        """A stream whose newest id lies before ours was wiped: begin again from its start."""
        newest = await self._redis.xrevrange(STREAM, count=1)
        last = newest[0][0].decode() if newest else "0-0"
        if _parts(last) < _parts(self._after):
            self._after = "0-0"

    def _take(self, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        self._after = entry_id.decode()
        try:
            event = read_entry(STREAM, fields)
        except UnreadableEvent as error:
            self._service.log.error("an unreadable push was skipped", reason=str(error))
            return
        channel = event.data.channel.value
        metrics.PUSHES.labels(channel).inc()
        if channel == Channel.PRICE_UPDATE and not self._is_past:
            self._ages.note(self._service.clock.now_ms() - event.recorded_ms)
        if event.epoch is not None and event.channel_sequence is not None:
            self._hub.take(channel, event.channel_sequence, event.epoch, event.time_ms, event.data.data)


def _parts(entry_id: str) -> tuple[int, int]:
    ms, _, index = entry_id.partition("-")
    return int(ms), int(index or 0)
