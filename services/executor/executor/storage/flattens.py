"""The table of requests to take an account out of the market: each lasts until the exchange shows that it is done."""

from collections.abc import Sequence
from typing import Any

from common.events import Event
from common.runtime.database import Pool
from executor.storage.outbox import append_events


class FlattenStore:
    """The SQL of flatten requests."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def request(self, command_id: str, model: str, now_ms: int) -> None:
        """Stores a request; a repeat of the command changes nothing."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO executor_flattens (command_id, model, requested_ms) VALUES (%s, %s, %s)
                ON CONFLICT DO NOTHING""",
                (command_id, model, now_ms),
            )

    async def requested_since(self, model: str) -> int | None:
        """Wall time of the oldest open request; None when there is none."""
        async with self._pool.connection() as connection, connection.pipeline():
            query = "SELECT min(requested_ms) FROM executor_flattens WHERE model = %s AND done_ms IS NULL"
            row = await (await connection.execute(query, (model,))).fetchone()
            return None if row is None or row[0] is None else int(row[0])

    async def finish(self, model: str, now_ms: int, events: Sequence[Event[Any]]) -> None:
        """Ends the account's open requests, with the events that prove it."""
        async with self._pool.connection() as connection:
            await append_events(connection, events)
            await connection.execute(
                "UPDATE executor_flattens SET done_ms = %s WHERE model = %s AND done_ms IS NULL", (now_ms, model)
            )
