"""The response cache: how old a response may be, which callers wait, and what a failed refresh does."""

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.http.response_cache import MAX_ENTRIES, Lifetime, ResponseCache, encode_response

LIFETIME = Lifetime(1.0, 5.0)


class ManualClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Source:
    """Counts reads; fails with `failure`, waits for `gate`."""

    def __init__(self) -> None:
        self.reads = 0
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Any:
        self.reads += 1
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return {"reads": self.reads}


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_fresh_response_is_read_once() -> None:
    clock, source = ManualClock(), Source()
    cache = ResponseCache(clock)
    for _ in range(3):
        assert (await cache.get("a", LIFETIME, source)).body == b'{"reads":1}'
    assert source.reads == 1


async def test_a_stale_response_is_returned_and_refreshed_once() -> None:
    clock, source = ManualClock(), Source()
    cache = ResponseCache(clock)
    await cache.get("a", LIFETIME, source)
    clock.now_s += 2
    assert (await cache.get("a", LIFETIME, source)).body == b'{"reads":1}'
    assert (await cache.get("a", LIFETIME, source)).body == b'{"reads":1}'
    await settle()
    assert source.reads == 2
    assert (await cache.get("a", LIFETIME, source)).body == b'{"reads":2}'


async def test_an_expired_response_is_refreshed_once_for_all_callers() -> None:
    clock, source = ManualClock(), Source()
    cache = ResponseCache(clock)
    await cache.get("a", LIFETIME, source)
    clock.now_s += 5
    got = await asyncio.gather(*(cache.get("a", LIFETIME, source) for _ in range(4)))
    assert {each.body for each in got} == {b'{"reads":2}'}
    assert source.reads == 2


async def test_a_failed_refresh_raises_once_the_entry_has_expired() -> None:
    clock, source = ManualClock(), Source()
    cache = ResponseCache(clock)
    await cache.get("a", LIFETIME, source)
    source.failure = ConnectionError("away")
    clock.now_s += 2
    await cache.get("a", LIFETIME, source)
    await settle()
    clock.now_s += 4
    with pytest.raises(ConnectionError):
        await cache.get("a", LIFETIME, source)
    source.failure = None
    assert (await cache.get("a", LIFETIME, source)).body == b'{"reads":4}'


async def test_a_cancelled_caller_does_not_cancel_the_refresh() -> None:
    source = Source()
    source.gate.clear()
    cache = ResponseCache(ManualClock())
    first, second = (asyncio.create_task(cache.get("a", LIFETIME, source)) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    source.gate.set()
    assert (await second).body == b'{"reads":1}'


async def test_the_least_recently_used_entry_is_dropped() -> None:
    source, cache = Source(), ResponseCache(ManualClock())
    for number in range(MAX_ENTRIES + 1):
        await cache.get(str(number), LIFETIME, source)
    await cache.get("1", LIFETIME, source)
    assert source.reads == MAX_ENTRIES + 1
    await cache.get("0", LIFETIME, source)
    assert source.reads == MAX_ENTRIES + 2


def test_the_etag_ignores_the_time_of_reading() -> None:
    assert encode_response({"a": 1, "time_ms": 1}).etag == encode_response({"a": 1, "time_ms": 2}).etag
    assert encode_response({"a": 1, "time_ms": 1}).etag != encode_response({"a": 2, "time_ms": 1}).etag


def test_big_responses_are_compressed_for_clients_that_accept_it() -> None:
    response = encode_response({"a": "b" * 2_000})
    assert response.respond(Headers({"accept-encoding": "gzip, br"})).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in response.respond(Headers({})).headers
    assert response.respond(Headers({"if-none-match": f'"x", {response.etag}'})).status_code == 304
