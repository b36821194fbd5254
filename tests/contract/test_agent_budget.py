"""What calls to a model may cost in a day: one sum for all processes, whatever happens to Redis or them."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from common.agent.providers.budget import Budget, BudgetUnreachable, Reservation
from common.bus.redis_streams import RedisBus, connect
from common.trading.durations import DAY_MS
from support.spending import spent_micro_usd

D = Decimal
DAY = 20_000
NOON_MS = DAY * DAY_MS + DAY_MS // 2


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    bus = RedisBus(redis_url)
    await bus.client.flushdb()
    await bus.prepare("agent-qwen", [])
    yield bus.client
    await bus.close()


def budget_of(redis: Redis, process: str = "one", cap: str = "1") -> Budget:
    return Budget(redis, "qwen", D(cap), process=process)


async def reserved(budget: Budget, usd: str, now_ms: int = NOON_MS) -> Reservation:
    reservation = await budget.reserve(D(usd), now_ms)
    assert reservation is not None
    return reservation


async def spent(redis: Redis, day: int = DAY) -> int:
    return await spent_micro_usd(redis, f"spending:qwen:{day}")


async def test_what_no_longer_fits_the_day_is_refused(redis: Redis) -> None:
    budget = budget_of(redis)
    first = await reserved(budget, "0.6")
    assert await budget.reserve(D("0.5"), NOON_MS) is None
    assert budget.left_usd(NOON_MS) == D("0.4")
    await budget.settle(first, D("0.1"))
    await reserved(budget, "0.9")
    assert await spent(redis) == 1_000_000


async def test_two_processes_have_one_cap(redis: Redis) -> None:
    one, two = budget_of(redis, "one"), budget_of(redis, "two")
    first = await reserved(one, "0.7")
    assert await two.reserve(D("0.4"), NOON_MS) is None
    assert two.left_usd(NOON_MS) == D("0.3")
    await one.settle(first, D("0.5"))
    await reserved(two, "0.4")
    assert await one.reserve(D("0.2"), NOON_MS) is None


async def test_of_many_at_once_only_those_that_fit_are_granted(redis: Redis) -> None:
    budgets = [budget_of(redis, f"process-{number}") for number in range(4)]
    asked = [budget.reserve(D("0.3"), NOON_MS) for budget in budgets for _ in range(5)]
    granted = [each for each in await asyncio.gather(*asked) if each is not None]
    assert len(granted) == 3
    assert await spent(redis) == 900_000


async def test_a_settlement_during_another_reservation_is_kept(redis: Redis) -> None:
    budget = budget_of(redis)
    first = await reserved(budget, "0.5")
    await asyncio.gather(budget.reserve(D("0.2"), NOON_MS), budget.settle(first, D("0.1")))
    assert await spent(redis) == 300_000
    assert budget.left_usd(NOON_MS) == D("0.7")


async def test_what_a_dead_process_reserved_counts_as_spent(redis: Redis) -> None:
    await reserved(budget_of(redis, "first life"), "0.8")
    assert await budget_of(redis, "second life").reserve(D("0.3"), NOON_MS) is None


async def test_a_wiped_redis_learns_again_what_each_process_knows(redis: Redis) -> None:
    one, two = budget_of(redis, "one"), budget_of(redis, "two")
    await reserved(one, "0.3")
    await reserved(two, "0.4")
    await redis.flushdb()
    assert await two.reserve(D("0.4"), NOON_MS) is None
    assert await spent(redis) == 700_000
    await reserved(one, "0.2")
    assert await two.reserve(D("0.2"), NOON_MS) is None


async def test_without_redis_nothing_is_reserved_and_a_settlement_waits(redis: Redis) -> None:
    away = connect("redis://127.0.0.1:9")
    budget = budget_of(redis)
    first = await reserved(budget, "0.8")
    budget._redis = away
    with pytest.raises(BudgetUnreachable):
        await budget.reserve(D("0.1"), NOON_MS)
    await budget.settle(first, D("0.3"))
    assert await spent(redis) == 800_000
    budget._redis = redis
    await reserved(budget, "0.7")
    assert await spent(redis) == 1_000_000
    await away.aclose()


async def test_a_reservation_cancelled_on_its_way_is_none(redis: Redis) -> None:
    budget = budget_of(redis)
    on_its_way = asyncio.ensure_future(budget.reserve(D("0.9"), NOON_MS))
    await asyncio.sleep(0)
    on_its_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await on_its_way
    await reserved(budget, "0.9")
    assert await spent(redis) == 900_000


async def test_a_late_command_changes_nothing(redis: Redis) -> None:
    budget = budget_of(redis)
    first = await reserved(budget, "0.5")
    await budget.settle(first, D("0.4"))
    late = await redis.fcall("aicoin_spend", 1, f"spending:qwen:{DAY}", "one", "1:900000", "", 60)
    assert late == [1, b"one", b"2:400000"]
    assert await spent(redis) == 400_000


async def test_a_call_over_midnight_costs_on_the_day_on_which_it_was_made(redis: Redis) -> None:
    budget, midnight_ms = budget_of(redis), (DAY + 1) * DAY_MS
    before = await reserved(budget, "0.4", midnight_ms - 1)
    await reserved(budget, "0.9", midnight_ms + 1)
    await budget.settle(before, D("0.1"))
    assert await spent(redis, DAY) == 100_000
    assert await spent(redis, DAY + 1) == 900_000
    await redis.flushdb()
    assert await budget.reserve(D("0.2"), midnight_ms + 2) is None


async def test_a_cap_of_nothing_lets_only_free_calls_pass(redis: Redis) -> None:
    budget = budget_of(redis, cap="0")
    assert await budget.reserve(D("0.000001"), NOON_MS) is None
    assert await budget.reserve(D(0), NOON_MS) is not None


async def test_a_figure_is_rounded_up_and_may_pass_the_cap_when_it_is_billed(redis: Redis) -> None:
    budget = budget_of(redis)
    first = await reserved(budget, "0.0000001")
    assert first.micro_usd == 1
    await budget.settle(first, D("1.2"))
    assert budget.left_usd(NOON_MS) == 0
    assert await budget.reserve(D("0.000001"), NOON_MS) is None
