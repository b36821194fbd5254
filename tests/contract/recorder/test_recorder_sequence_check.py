"""The sequence check reads whole streams from a real Redis and alerts a gap once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog import get_logger

from common.bus.redis_streams import RedisBus, read_entry
from common.events import AlertCode
from common.runtime.clock import SystemClock
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings
from recorder.monitoring.sequence_check import PAGE_ENTRIES, SequenceCheck

STREAM = "agent.decision"


@pytest.fixture
async def check(redis_url: str) -> AsyncIterator[SequenceCheck]:
    bus = RedisBus(redis_url)
    service = Service("recorder", ServiceSettings(metrics_port=0), bus, SystemClock(), get_logger(), lease=False)
    yield SequenceCheck(service, interval_s=1)
    await bus.close()


async def add(redis: Redis, *sequences: int) -> None:
    async with redis.pipeline() as pipeline:
        for sequence in sequences:
            pipeline.xadd(STREAM, {"source": "agent-qwen", "epoch": 1, "sequence": sequence})
        await pipeline.execute()


async def alerts(redis: Redis) -> list[tuple[str, str]]:
    entries: Any = await redis.xrange("system.alert")
    events = [read_entry("system.alert", fields) for _, fields in entries]
    return [(event.data.code, event.data.message) for event in events]


async def test_a_gap_is_alerted_once(check: SequenceCheck, redis: Redis) -> None:
    await add(redis, 1, 2, 5)
    await check.check()
    await check.check()
    assert await alerts(redis) == [(AlertCode.SEQUENCE_GAP, "agent.decision from agent-qwen: 3 to 4 are missing")]


async def test_a_gap_between_two_rounds_and_pages_is_found(check: SequenceCheck, redis: Redis) -> None:
    await add(redis, *range(1, PAGE_ENTRIES + 1))
    await check.check()
    assert await alerts(redis) == []
    await add(redis, *range(PAGE_ENTRIES + 2, 2 * PAGE_ENTRIES + 10), 2 * PAGE_ENTRIES + 11)
    await check.check()
    assert [message.split(": ")[1] for _, message in await alerts(redis)] == [
        "1001 to 1001 are missing",
        "2010 to 2010 are missing",
    ]
