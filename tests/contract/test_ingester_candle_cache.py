"""The `kline:` lists in a real Redis."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from ingester_frames import COINS, T0_MS, build_candle
from redis.asyncio import Redis

from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from ingester.market.candles import KEPT_CANDLES, Candle, Candles, Series
from ingester.storage.candle_cache import CandleCache

SERIES: Series = (Symbol.BTC, "1m")
KEY = "kline:BTC:1m"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator["Redis[bytes]"]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


def candles(first: int, last: int) -> list[Candle]:
    return [build_candle(T0_MS + minute * MINUTE_MS) for minute in range(first, last + 1)]


async def stored(client: "Redis[bytes]") -> list[dict[str, Any]]:
    return [json.loads(value) for value in await client.lrange(KEY, 0, -1)]


async def minutes(client: "Redis[bytes]") -> list[int]:
    return [(row["open_time_ms"] - T0_MS) // MINUTE_MS for row in await stored(client)]


async def write(cache: CandleCache, rows: Sequence[Candle], from_minute: int) -> set[Series]:
    newest = rows[-1].open_ms
    return await cache.write({SERIES: (T0_MS + from_minute * MINUTE_MS, list(rows))}, newest + 1)


async def test_a_whole_series_and_then_its_tail(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    assert await write(cache, candles(0, 3), 0) == set()
    changed = build_candle(T0_MS + 3 * MINUTE_MS, close=105.0, count=9)
    assert await write(cache, [*candles(0, 2), changed], 3) == set()
    rows = await stored(client)
    assert [row["close"] for row in rows] == ["100.0", "100.0", "100.0", "105.0"]
    assert [row["is_closed"] for row in rows] == [True, True, True, False]
    assert await write(cache, [*candles(0, 2), changed, *candles(4, 5)], 4) == set()
    assert await minutes(client) == [0, 1, 2, 3, 4, 5]


async def test_a_late_change_of_the_candle_before_is_written(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    await write(cache, candles(0, 3), 0)
    late = build_candle(T0_MS + 2 * MINUTE_MS, close=107.0, count=9)
    await write(cache, [*candles(0, 1), late, *candles(3, 4)], 2)
    assert await minutes(client) == [0, 1, 2, 3, 4]
    assert [row["close"] for row in await stored(client)][2] == "107.0"


async def test_a_new_candle_closes_the_one_before_however_late_market_time_is(client: "Redis[bytes]") -> None:
    cache, series = CandleCache(client), Candles(COINS)
    for minute in range(4):
        series.add(SERIES, build_candle(T0_MS + minute * MINUTE_MS))
        changed = {each: (from_ms, series.read(each)) for each, from_ms in series.pop_changed().items()}
        await cache.write(changed, T0_MS + minute * MINUTE_MS - 5)
    assert [row["is_closed"] for row in await stored(client)] == [True, True, True, False]


async def test_a_change_further_back_rewrites_the_series(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    await write(cache, candles(3, 6), 3)
    await write(cache, candles(0, 6), 0)
    assert await minutes(client) == [0, 1, 2, 3, 4, 5, 6]


async def test_the_newest_are_kept(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    await write(cache, candles(0, KEPT_CANDLES - 1), 0)
    assert await write(cache, candles(1, KEPT_CANDLES), KEPT_CANDLES) == set()
    assert await minutes(client) == list(range(1, KEPT_CANDLES + 1))


async def test_a_list_that_was_wiped_is_noticed_and_written_whole(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    await write(cache, candles(0, 9), 0)
    await client.flushall()
    assert await write(cache, candles(0, 10), 9) == {SERIES}
    assert await write(cache, candles(0, 10), 10) == set()
    assert await minutes(client) == list(range(11))


async def test_a_loaded_list_is_continued(client: "Redis[bytes]") -> None:
    await write(CandleCache(client), candles(0, 3), 0)
    cache = CandleCache(client)
    assert await cache.load(SERIES) == candles(0, 3)
    assert await write(cache, candles(0, 4), 4) == set()
    assert await minutes(client) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "values",
    [
        ["not json"],
        ['{"open_time_ms": 1}'],
        ["7"],
        ['{"open_time_ms":1,"open":"x","high":"1","low":"1","close":"1","volume":"1","trade_count":1}'],
        ['{"open_time_ms":1,"open":"1","high":"1","low":"1","close":"1","volume":"1","trade_count":1}'] * 2,
    ],
)
async def test_an_unreadable_list_counts_as_empty_and_is_replaced(client: "Redis[bytes]", values: list[str]) -> None:
    await client.rpush(KEY, *values)
    cache = CandleCache(client)
    assert await cache.load(SERIES) == []
    await write(cache, candles(0, 2), 0)
    assert await minutes(client) == [0, 1, 2]


async def test_drop_empties_the_lists(client: "Redis[bytes]") -> None:
    cache = CandleCache(client)
    await write(cache, candles(0, 2), 0)
    await cache.drop([SERIES])
    assert await stored(client) == []


async def test_a_key_of_another_type_is_written_again(client: "Redis[bytes]") -> None:
    await client.set(KEY, "no list")
    cache = CandleCache(client)
    assert await cache.load(SERIES) == []
    assert await write(cache, candles(0, 2), 0) == set()
    assert await minutes(client) == [0, 1, 2]
