"""The table of halts: one row per halt, kept after its end."""

from collections.abc import Collection, Sequence
from typing import Any

from common.events import Event
from common.runtime.database import Pool
from executor.domain.halt import ALL_MODELS, HaltRecord
from executor.storage.outbox import append_events


class HaltTable:
    """The SQL of halts. Every change is written with the events about it, and a repeat of it changes nothing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, halt_id: str, halt: HaltRecord, events: Sequence[Event[Any]] = ()) -> None:
        """Records a halt under an id of its own."""
        async with self._pool.connection() as connection:
            added = await connection.execute(
                """INSERT INTO executor_halts (id, model, author, reason, is_local, since_ms)
                    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                (halt_id, halt.scope, halt.author[:100], halt.reason[:300], halt.is_local, halt.time_ms),
            )
            if added.rowcount == 1:
                await append_events(connection, events)

    async def end(self, halt_ids: Collection[str], by: str, now_ms: int, events: Sequence[Event[Any]] = ()) -> None:
        """Ends halts."""
        async with self._pool.connection() as connection:
            ended = 0
            for halt_id in halt_ids:
                updated = await connection.execute(
                    "UPDATE executor_halts SET ended_ms = %s, ended_by = %s WHERE id = %s AND ended_ms IS NULL",
                    (now_ms, by[:100], halt_id),
                )
                ended += updated.rowcount
            if ended:
                await append_events(connection, events)

    async def open_halts(self) -> dict[str, HaltRecord]:
        """The halts that have not ended, by id, oldest first."""
        query = """SELECT id, model, author, reason, is_local, since_ms FROM executor_halts WHERE ended_ms IS NULL
            ORDER BY since_ms, id"""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query)).fetchall()
        return {
            str(halt_id): HaltRecord(None if model == ALL_MODELS else model, author, since_ms, reason, bool(is_local))
            for halt_id, model, author, reason, is_local, since_ms in rows
        }

    async def has_ended(self, halt: HaltRecord) -> bool:
        """Whether this very halt was recorded and has ended."""
        query = "SELECT 1 FROM executor_halts WHERE model = %s AND since_ms = %s AND ended_ms IS NOT NULL"
        async with self._pool.connection() as connection:
            return bool(await (await connection.execute(query, (halt.scope, halt.time_ms))).fetchall())
