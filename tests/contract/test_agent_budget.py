"""What calls to a model may cost in a day: counted in Redis, across restarts, wipes and midnight."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from common.agent.providers.budget import Budget
from common.trading.durations import DAY_MS

D = Decimal
DAY = 20_000
NOON_MS = DAY * DAY_MS + DAY_MS // 2


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
        yield client


async def spent(redis: Redis, day: int = DAY) -> int:
    return int(await redis.get(f"model_cost:qwen:{day}") or 0)


async def test_what_no_longer_fits_the_day_is_refused(redis: Redis) -> None:
    budget = Budget(redis, "qwen", D(1))
    assert await budget.reserve(D("0.6"), NOON_MS)
    assert not await budget.reserve(D("0.5"), NOON_MS)
    await budget.settle(D("0.6"), D("0.1"), NOON_MS)
    assert await budget.reserve(D("0.9"), NOON_MS)
    assert await spent(redis) == 1_000_000


async def test_neither_a_restart_nor_a_wiped_redis_forgets(redis: Redis) -> None:
    first = Budget(redis, "qwen", D(1))
    assert await first.reserve(D("0.8"), NOON_MS)
    assert not await Budget(redis, "qwen", D(1)).reserve(D("0.3"), NOON_MS)
    await redis.flushdb()
    assert not await first.reserve(D("0.3"), NOON_MS)


async def test_a_call_over_midnight_costs_on_the_day_on_which_it_was_made(redis: Redis) -> None:
    budget, midnight_ms = Budget(redis, "qwen", D(1)), (DAY + 1) * DAY_MS
    assert await budget.reserve(D("0.4"), midnight_ms - 1)
    assert await budget.reserve(D("0.9"), midnight_ms + 1)
    await budget.settle(D("0.4"), D("0.1"), midnight_ms - 1)
    assert await spent(redis, DAY) == 100_000
    assert await spent(redis, DAY + 1) == 900_000
    await redis.flushdb()
    assert not await budget.reserve(D("0.2"), midnight_ms + 2)
