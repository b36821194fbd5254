"""The gateway's reads on a real PostgreSQL."""

import asyncio

import psycopg

from common.runtime.database import open_pool
from gateway.storage.queries import Queries


async def test_reads_go_on_when_a_view_is_created_again(database_url: str) -> None:
    pool = await open_pool(database_url)
    queries = Queries(pool)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute("CREATE VIEW api_accounts AS SELECT 'qwen' AS model")
        # Statements are prepared from their sixth execution on; several connections of the pool shall have it so.
        for _ in range(20):
            await asyncio.gather(*(queries.accounts() for _ in range(4)))
        await other.execute("DROP VIEW api_accounts")
        await other.execute("CREATE VIEW api_accounts AS SELECT 'qwen' AS model, 1 AS added")
    for _ in range(8):
        assert await queries.accounts() == [{"model": "qwen", "added": 1}]
    await pool.close()
