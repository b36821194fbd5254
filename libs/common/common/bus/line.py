"""One connection of redis-py's, kept for one command after another.

The client takes a connection from its pool and gives it back around every command, watches each half of it with a
task of its own and packs in Python; a hop from publisher to consumer does this several times, and a batch packs much.
"""

import asyncio
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis


class Line:
    """Sends commands one at a time, packed in C, and waits for each answer under one limit. Never repeats one."""

    def __init__(self, client: "Redis", *, answer_limit_s: float) -> None:
        pool = client.connection_pool
        # The limit is kept here, once for the whole command; the connection's own would cost a task for each half.
        self._connection: Any = pool.connection_class(**pool.connection_kwargs | {"socket_timeout": None})
        self._answer_limit_s = answer_limit_s
        self._turn = asyncio.Lock()

    async def ask(self, *command: Any) -> Any:
        """The raw answer. Raises redis-py's errors; a connection that failed is opened anew by the next command."""
        packed = pack_command(command)
        connection = self._connection
        async with self._turn, asyncio.timeout(self._answer_limit_s):
            if not connection.is_connected:
                await connection.connect()
            elif await connection.can_read():
                # Nothing was asked, so this is the end of a server that went away, or a rest that nobody may mistake.
                await connection.disconnect()
                await connection.connect()
            await connection.send_packed_command(packed, check_health=False)
            return await connection.read_response()

    async def close(self) -> None:
        """Closes the connection; the next command would open it again."""
        await self._connection.disconnect()
