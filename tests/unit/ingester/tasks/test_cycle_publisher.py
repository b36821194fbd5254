"""One snapshot per cycle, and the run that survives in Redis."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from ingester_frames import COINS, T0_MS
from ingester_harness import IngesterHarness
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from common.events import MarketSnapshot
from common.events.codec import encode
from common.trading.durations import MINUTE_MS
from ingester.market.cycles import GRACE_MS, RUN_KEY, Run, decode_run
from ingester.tasks.cycle_publisher import SNAPSHOT_KEY


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def harness_at_a_boundary(harness: IngesterHarness | None = None) -> IngesterHarness:
    """A connected harness that has seen a time before a boundary, and now is a second past it."""
    harness = harness or IngesterHarness()
    harness.backfill.max_leverages = dict.fromkeys(COINS, 20)
    harness.clock.ms = T0_MS + MINUTE_MS - 1_000
    harness.connect()
    await harness.cycles.publish_if_due()
    harness.clock.ms = T0_MS + MINUTE_MS + GRACE_MS
    harness.deliver_market()
    return harness


def snapshots(harness: IngesterHarness) -> list[Any]:
    return harness.bus.events(MarketSnapshot.TYPE)


async def test_a_due_cycle_is_published_once_with_run_and_snapshot_cached() -> None:
    harness = await harness_at_a_boundary()
    await harness.cycles.publish_if_due()
    await harness.cycles.publish_if_due()
    [event] = snapshots(harness)
    assert (event.data.boundary_ms, event.data.cycle_number) == (T0_MS + MINUTE_MS, 1)
    snapshot, run = await harness.bus.cached([SNAPSHOT_KEY, RUN_KEY])
    assert snapshot is not None
    assert decode_run(run, "paper") == harness.cycles.run


async def test_without_leverages_or_connection_nothing_is_published() -> None:
    harness = await harness_at_a_boundary()
    harness.backfill.max_leverages = {}
    await harness.cycles.publish_if_due()
    harness.backfill.max_leverages = dict.fromkeys(COINS, 20)
    harness.session.on_change(False, "lost")
    await harness.cycles.publish_if_due()
    assert snapshots(harness) == []


async def test_an_incomplete_market_is_warned_of_once_and_the_cycle_stays_due() -> None:
    harness = await harness_at_a_boundary()
    price_age_ms = 16_000
    harness.clock.ms += price_age_ms
    for _ in range(3):
        await harness.cycles.publish_if_due()
    assert [event for _, event, _ in harness.log.lines].count("no snapshot yet") == 1
    harness.deliver_market()
    await harness.cycles.publish_if_due()
    assert [event.data.boundary_ms for event in snapshots(harness)] == [T0_MS + MINUTE_MS]


async def test_a_run_and_its_last_cycle_are_restored(redis: Redis) -> None:
    first = await harness_at_a_boundary()
    await first.cycles.publish_if_due()
    assert first.cycles.run is not None
    await redis.set(RUN_KEY, first.cycles.run.encode())
    await redis.set(SNAPSHOT_KEY, encode(snapshots(first)[0]))
    second = IngesterHarness()
    await second.cycles.load(redis)
    assert second.cycles.run == first.cycles.run
    await harness_at_a_boundary(second)
    await second.cycles.publish_if_due()
    assert snapshots(second) == []


async def test_another_environments_run_is_not_continued(redis: Redis) -> None:
    await redis.set(RUN_KEY, Run("ab12", T0_MS, "testnet").encode())
    harness = IngesterHarness()
    await harness.cycles.load(redis)
    assert harness.cycles.run is None


async def test_a_cycle_is_overdue_until_one_is_published() -> None:
    harness = await harness_at_a_boundary()
    harness.backfill.max_leverages = {}
    await harness.cycles.publish_if_due()
    harness.clock.ms += MINUTE_MS // 2
    await harness.cycles.publish_if_due()
    assert REGISTRY.get_sample_value("aicoin_ingester_cycle_overdue_seconds") == 30
    harness.backfill.max_leverages = dict.fromkeys(COINS, 20)
    harness.clock.ms += MINUTE_MS // 2
    harness.deliver_market()
    await harness.cycles.publish_if_due()
    assert len(snapshots(harness)) == 1
    assert REGISTRY.get_sample_value("aicoin_ingester_cycle_overdue_seconds") == 0
