"""One connection of redis-py's, kept for one command after another.

The client takes a connection from its pool and gives it back around every command, bounds each half of the command
with a task of its own and packs in Python; a hop from publisher to consumer does this several times, and a batch packs
much.
"""

import asyncio
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis


class CommandConnection:
    """Sends commands one at a time, packed in C, and waits for each reply under one limit. Never repeats a command.

    Any task may call `send`; calls take turns. After an error, a timeout or a cancellation the connection is closed,
    so that no later command reads an earlier one's reply, and the next command opens it again.
    """

    def __init__(self, client: "Redis", *, reply_limit_s: float) -> None:
        pool = client.connection_pool
        # The limit is kept here, once for the whole command; the connection's own would cost a task for each half.
        self._connection: Any = pool.connection_class(**pool.connection_kwargs | {"socket_timeout": None})
        self._reply_limit_s = reply_limit_s
        self._turn = asyncio.Lock()

    async def send(self, *command: Any) -> Any:
        """The raw reply. Raises redis-py's errors, and TimeoutError past the limit."""
        packed = pack_command(command)
        connection = self._connection
        async with self._turn, asyncio.timeout(self._reply_limit_s):
            if not connection.is_connected:
                await connection.connect()
            elif await connection.can_read():
                # No command is outstanding: what can be read is the end of the connection, or a rest of an old reply.
                await connection.disconnect()
                await connection.connect()
            await connection.send_packed_command(packed, check_health=False)
            return await connection.read_response()

    async def close(self) -> None:
        """Closes the connection; a later command opens it again."""
        await self._connection.disconnect()
