"""The market cache over a real Redis: what the ingester keeps, decoded; nothing where nothing was kept yet."""

from collections.abc import AsyncIterator

import pytest
from gateway_server import THREE_AND_SEVEN, fill_market_cache
from redis.asyncio import Redis

from gateway.storage.market_cache import SOURCE_KEY, UNKNOWN, MarketCache


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_an_empty_cache_has_no_values(redis: Redis) -> None:
    cache = MarketCache(redis, THREE_AND_SEVEN.coins)
    assert await cache.prices() == {}
    assert await cache.candles("BTC", "1m", 10) == []
    assert await cache.order_book("BTC") is None
    assert await cache.tape("BTC") is None
    assert await cache.source() == UNKNOWN


async def test_values_are_decoded_for_the_rosters_coins_only(redis: Redis) -> None:
    await fill_market_cache(redis, ("BTC", "HYPE", "PEPE"))
    await redis.set(SOURCE_KEY, '{"market": "CAPTURE", "speed": 300}')
    cache = MarketCache(redis, THREE_AND_SEVEN.coins)
    assert list(await cache.prices()) == ["BTC", "HYPE"]
    assert (await cache.candles("HYPE", "1m", 10))[0]["close"] == "1"
    assert (await cache.order_book("HYPE"))["bids"] == [{"price": "1", "size": "2"}]
    assert (await cache.tape("HYPE"))["trades"][0]["trade_id"] == 7
    assert await cache.source() == ("CAPTURE", 300.0)


async def test_candles_are_the_latest_oldest_first(redis: Redis) -> None:
    await redis.rpush("kline:BTC:1m", *(f'{{"open_time_ms": {n}}}' for n in range(5)))
    found = await MarketCache(redis, THREE_AND_SEVEN.coins).candles("BTC", "1m", 2)
    assert [row["open_time_ms"] for row in found] == [3, 4]


@pytest.mark.parametrize("value", ["", "{", "[1]", "7", b"\xff", "[" * 100_000])
async def test_a_value_that_cant_be_read_is_missing(redis: Redis, value: bytes | str) -> None:
    for key in ("price:BTC", "orderbook:BTC", "tape:BTC", SOURCE_KEY):
        await redis.set(key, value)
    await redis.rpush("kline:BTC:1m", value, '{"open_time_ms": 1}')
    cache = MarketCache(redis, THREE_AND_SEVEN.coins)
    assert await cache.prices() == {}
    assert await cache.order_book("BTC") is None
    assert await cache.tape("BTC") is None
    assert await cache.source() == UNKNOWN
    assert await cache.candles("BTC", "1m", 10) == [{"open_time_ms": 1}]
