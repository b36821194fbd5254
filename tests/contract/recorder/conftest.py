"""A migrated database and the recorder over it."""

from collections.abc import AsyncIterator

import pytest
from recorded_cycles import CONTENDERS
from redis.asyncio import Redis

from common.runtime.database import Pool, migrate, open_pool
from recorder.handlers import Recorder
from support.service_rights import own_database_url, own_redis_url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(own_database_url("recorder", database_url))
    await migrate(pool, "recorder")
    yield pool
    await pool.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The administrator's client, for looking."""
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
async def recorder(pool: Pool, redis_url: str) -> AsyncIterator[Recorder]:
    """The recorder with its own rights in both stores."""
    async with Redis.from_url(own_redis_url("recorder", redis_url)) as redis:
        yield Recorder(pool, redis, snapshot_interval_s=300, contenders=CONTENDERS)
