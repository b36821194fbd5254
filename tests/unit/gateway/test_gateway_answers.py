"""Answers kept ready: how old they may be, who waits, and what happens when reading fails."""

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.answers import KEPT, Answers, Lifetime, answer_of

LIFETIME = Lifetime(1.0, 5.0)


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Source:
    """Counts reads; fails when told so, waits when told so."""

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


async def test_a_fresh_answer_is_read_once() -> None:
    clock, source = Hands(), Source()
    answers = Answers(clock)
    for _ in range(3):
        assert (await answers.get("a", LIFETIME, source)).body == b'{"reads":1}'
    assert source.reads == 1


async def test_a_stale_answer_is_given_and_read_anew_once_meanwhile() -> None:
    clock, source = Hands(), Source()
    answers = Answers(clock)
    await answers.get("a", LIFETIME, source)
    clock.now_s += 2
    assert (await answers.get("a", LIFETIME, source)).body == b'{"reads":1}'
    assert (await answers.get("a", LIFETIME, source)).body == b'{"reads":1}'
    await settle()
    assert source.reads == 2
    assert (await answers.get("a", LIFETIME, source)).body == b'{"reads":2}'


async def test_an_old_answer_is_never_given_and_those_who_wait_share_one_read() -> None:
    clock, source = Hands(), Source()
    answers = Answers(clock)
    await answers.get("a", LIFETIME, source)
    clock.now_s += 5
    got = await asyncio.gather(*(answers.get("a", LIFETIME, source) for _ in range(4)))
    assert {each.body for each in got} == {b'{"reads":2}'}
    assert source.reads == 2


async def test_a_failed_read_is_told_once_nothing_young_enough_is_left() -> None:
    clock, source = Hands(), Source()
    answers = Answers(clock)
    await answers.get("a", LIFETIME, source)
    source.failure = ConnectionError("away")
    clock.now_s += 2
    await answers.get("a", LIFETIME, source)
    await settle()
    clock.now_s += 4
    with pytest.raises(ConnectionError):
        await answers.get("a", LIFETIME, source)
    source.failure = None
    assert (await answers.get("a", LIFETIME, source)).body == b'{"reads":4}'


async def test_one_who_goes_away_does_not_end_the_read_of_the_others() -> None:
    source = Source()
    source.gate.clear()
    answers = Answers(Hands())
    first, second = (asyncio.create_task(answers.get("a", LIFETIME, source)) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    source.gate.set()
    assert (await second).body == b'{"reads":1}'


async def test_only_so_many_are_kept() -> None:
    source, answers = Source(), Answers(Hands())
    for number in range(KEPT + 1):
        await answers.get(str(number), LIFETIME, source)
    await answers.get("1", LIFETIME, source)
    assert source.reads == KEPT + 1
    await answers.get("0", LIFETIME, source)
    assert source.reads == KEPT + 2


def test_the_time_of_an_answer_is_no_change_of_its_content() -> None:
    assert answer_of({"a": 1, "time_ms": 1}).etag == answer_of({"a": 1, "time_ms": 2}).etag
    assert answer_of({"a": 1, "time_ms": 1}).etag != answer_of({"a": 2, "time_ms": 1}).etag


def test_big_answers_are_compressed_for_those_who_can_read_it() -> None:
    answer = answer_of({"a": "b" * 2_000})
    assert answer.respond(Headers({"accept-encoding": "gzip, br"})).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in answer.respond(Headers({})).headers
    assert answer.respond(Headers({"if-none-match": f'"x", {answer.etag}'})).status_code == 304
