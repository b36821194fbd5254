"""The first message of a channel: what was read is shared, until a push follows it or a second has passed."""

import asyncio
from typing import Any

from manual_clock import ManualClock
from redis.asyncio import Redis

from common.events import Channel
from common.runtime.database import migrate, open_pool
from common.trading.instruments import Symbol
from gateway.push.hub import Hub
from gateway.push.snapshots import SHARED_FOR_S, Snapshots
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries, Row


class CountedQueries(Queries):
    """Counts what is asked."""

    asked = 0

    async def rows(self, query: str, parameters: Any = ()) -> list[Row]:
        self.asked += 1
        return await super().rows(query, parameters)


async def test_subscribing_again_reads_nothing_again(database_url: str, redis_url: str) -> None:
    pool, clock, hub = await open_pool(database_url), ManualClock(), Hub()
    await migrate(pool, "recorder")
    queries = CountedQueries(pool)
    async with Redis.from_url(redis_url) as redis:
        snapshots = Snapshots(hub, queries, MarketCache(redis, (Symbol.BTC,)), clock, ("qwen",))
        read = [snapshots.read(Channel.AI_DECISION, clock.now_ms()) for _ in range(20)]
        assert len({message.text for message in await asyncio.gather(*read)}) == 1
        first = queries.asked
        await clock.sleep(SHARED_FOR_S)
        await snapshots.read(Channel.AI_DECISION, clock.now_ms())
        assert queries.asked == 2 * first
        assert first > 0
    await pool.close()
