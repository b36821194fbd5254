"""Answers kept ready: what many ask for is read once, and read anew behind the back of those who ask."""

import asyncio
import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from common.runtime.clock import Clock

KEPT = 200
MIN_GZIP_BYTES = 1_000
Read = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Up to `fresh_s` an answer is given as it is; up to `stale_s` too, but read anew meanwhile; then never."""

    fresh_s: float
    stale_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One body, encoded, compressed and hashed once."""

    body: bytes
    zipped: bytes | None
    etag: str
    made_s: float = 0.0

    def respond(self, headers: Headers) -> Response:
        """The whole, or 304 for a client that has this content already."""
        own = {"ETag": self.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        known = [each.strip() for each in headers.get("if-none-match", "").split(",")]
        if "*" in known or self.etag in known:
            return Response(status_code=304, headers=own)
        if self.zipped is not None and "gzip" in headers.get("accept-encoding", ""):
            return Response(self.zipped, media_type="application/json", headers=own | {"Content-Encoding": "gzip"})
        return Response(self.body, media_type="application/json", headers=own)


def answer_of(content: Any, made_s: float = 0.0) -> Answer:
    """The answer with this content. When it was made is no difference that a client would want to hear of."""
    body = _encoded(content)
    timeless = isinstance(content, dict) and "time_ms" in content and len(content) > 1
    hashed = _encoded({key: value for key, value in content.items() if key != "time_ms"}) if timeless else body
    etag = f'W/"{hashlib.sha256(hashed).hexdigest()[:24]}"'
    zipped = gzip.compress(body, compresslevel=4, mtime=0) if len(body) >= MIN_GZIP_BYTES else None
    return Answer(body, zipped, etag, made_s)


def _encoded(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


class Answers:
    """The last answers by key, the least used dropped. One read at a time per key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Answer]] = {}

    async def get(self, key: str, lifetime: Lifetime, read: Read) -> Answer:
        """The answer, at most `stale_s` old. Raises what reading raises."""
        kept = self._kept.get(key)
        age_s = self._clock.monotonic() - kept.made_s if kept is not None else lifetime.stale_s
        if kept is not None and age_s < lifetime.stale_s:
            self._kept.move_to_end(key)
            if age_s >= lifetime.fresh_s and key not in self._reading:
                self._begin(key, read)
            return kept
        return await asyncio.shield(self._reading.get(key) or self._begin(key, read))

    def _begin(self, key: str, read: Read) -> asyncio.Task[Answer]:
        task = asyncio.ensure_future(self._renew(key, read))
        self._reading[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    async def _renew(self, key: str, read: Read) -> Answer:
        made_s = self._clock.monotonic()
        answer = answer_of(await read(), made_s)
        self._kept[key] = answer
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer

    def _ended(self, key: str, task: asyncio.Task[Answer]) -> None:
        """A read behind everybody's back that failed is heard by the first who has to wait for the next one."""
        del self._reading[key]
        if not task.cancelled():
            task.exception()
