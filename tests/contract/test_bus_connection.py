"""One connection to a real Redis: after a cancelled or late command no later one reads its reply."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from common.bus.connection import CommandConnection
from common.bus.redis_streams import connect


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[CommandConnection]:
    client = connect(redis_url)
    connection = CommandConnection(client, reply_limit_s=2.0)
    yield connection
    await connection.close()
    await client.aclose()


async def test_commands_of_several_tasks_get_their_own_replies(connection: CommandConnection) -> None:
    words = [f"word {number}".encode() for number in range(50)]
    assert await asyncio.gather(*(connection.send("ECHO", word) for word in words)) == words


async def test_a_cancelled_commands_reply_is_never_read(connection: CommandConnection) -> None:
    assert await connection.send("ECHO", "first") == b"first"
    waiting = asyncio.ensure_future(connection.send("BLPOP", "none", 0.1))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await connection.send("ECHO", "second") == b"second"


async def test_a_late_reply_is_a_timeout_and_is_never_read(connection: CommandConnection) -> None:
    with pytest.raises(TimeoutError):
        await connection.send("BLPOP", "none", 4)
    assert await connection.send("ECHO", "second") == b"second"
