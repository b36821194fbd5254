"""Cached responses: read, encoded, compressed and hashed once for all clients, refreshed in the background.

An entry is fresh for `fresh_s`, stale until `stale_s`, then expired. `get` returns a fresh entry as it is; a stale one
as well, and starts one refresh for its key; for an expired or absent one it waits for that refresh. There is at most
one refresh per key at a time: concurrent callers share it, and a caller that is cancelled does not cancel it. A
refresh that fails leaves the old entry in place, and its exception reaches only callers that wait for it; the next
call starts another refresh.
"""

import asyncio
import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from common.runtime.clock import Clock

MAX_ENTRIES = 200
MIN_GZIP_BYTES = 1_000
Read = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """For how long an entry is returned without a refresh, and for how long at all."""

    fresh_s: float
    stale_s: float


@dataclass(frozen=True, slots=True)
class EncodedResponse:
    """One body, encoded, compressed and hashed once. `read_s` is the monotonic time at which reading began."""

    body: bytes
    zipped: bytes | None
    etag: str
    read_s: float = 0.0
    media_type: str = "application/json"

    def respond(self, headers: Headers) -> Response:
        """The whole body, or 304 for a client that has this content already."""
        own = {"ETag": self.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        known = [each.strip() for each in headers.get("if-none-match", "").split(",")]
        if "*" in known or self.etag in known:
            return Response(status_code=304, headers=own)
        if self.zipped is not None and "gzip" in headers.get("accept-encoding", ""):
            return Response(self.zipped, media_type=self.media_type, headers=own | {"Content-Encoding": "gzip"})
        return Response(self.body, media_type=self.media_type, headers=own)


def encode_response(content: Any, read_s: float = 0.0) -> EncodedResponse:
    """The content as JSON. The ETag ignores `time_ms`: the time of the reading is no change of the content."""
    body = _encode(content)
    has_time = isinstance(content, dict) and "time_ms" in content and len(content) > 1
    hashed = _encode({key: value for key, value in content.items() if key != "time_ms"}) if has_time else body
    etag = f'W/"{hashlib.sha256(hashed).hexdigest()[:24]}"'
    zipped = gzip.compress(body, compresslevel=4, mtime=0) if len(body) >= MIN_GZIP_BYTES else None
    return EncodedResponse(body, zipped, etag, read_s)


def _encode(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


Encode = Callable[[Any, float], EncodedResponse]


class ResponseCache:
    """The latest responses by key; the least recently used are dropped. Used from one event loop only.

    A key is what the response depends on, never the text of the request: two requests that mean the same share one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, EncodedResponse] = OrderedDict()
        self._refreshes: dict[Hashable, asyncio.Task[EncodedResponse]] = {}

    async def get(
        self, key: Hashable, lifetime: Lifetime, read: Read, encode: Encode = encode_response
    ) -> EncodedResponse:
        """The response, at most `stale_s` old: what `read` returns, encoded. Raises what `read` raises."""
        entry = self._entries.get(key)
        age_s = self._clock.monotonic() - entry.read_s if entry is not None else lifetime.stale_s
        if entry is not None and age_s < lifetime.stale_s:
            self._entries.move_to_end(key)
            if age_s >= lifetime.fresh_s and key not in self._refreshes:
                self._start_refresh(key, read, encode)
            return entry
        return await asyncio.shield(self._refreshes.get(key) or self._start_refresh(key, read, encode))

    def _start_refresh(self, key: Hashable, read: Read, encode: Encode) -> asyncio.Task[EncodedResponse]:
        task = asyncio.ensure_future(self._refresh(key, read, encode))
        self._refreshes[key] = task
        task.add_done_callback(lambda done: self._end_refresh(key, done))
        return task

    async def _refresh(self, key: Hashable, read: Read, encode: Encode) -> EncodedResponse:
        read_s = self._clock.monotonic()
        response = encode(await read(), read_s)
        self._entries[key] = response
        self._entries.move_to_end(key)
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        return response

    def _end_refresh(self, key: Hashable, task: asyncio.Task[EncodedResponse]) -> None:
        """Retrieves the exception of a refresh that no caller awaited, so that asyncio does not report it."""
        del self._refreshes[key]
        if not task.cancelled():
            task.exception()
