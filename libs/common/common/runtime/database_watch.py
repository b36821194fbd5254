"""Whether PostgreSQL answers, as a metric and a readiness condition: also of a service that has nothing to ask for."""

import asyncio
from typing import Final

import psycopg

from common.runtime.database import Pool
from common.runtime.metrics import database as metrics
from common.runtime.service import Service

CONDITION: Final = "database"
EVERY_S: Final = 5.0
LIMIT_S: Final = 5.0


async def watch_database(service: Service, pool: Pool) -> None:
    """Asks every few seconds, for ever."""
    while True:
        is_up = await _is_up(pool)
        metrics.UP.set(is_up)
        service.set_ready(CONDITION, is_up, "PostgreSQL does not answer; check DATABASE_URL")
        await service.clock.sleep(EVERY_S)


async def _is_up(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(LIMIT_S), pool.connection() as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, OSError, TimeoutError):
        return False
    return True
