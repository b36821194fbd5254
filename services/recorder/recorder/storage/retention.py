"""Drops the record's texts after some days; their hashes stay in the chains, which say themselves what is dropped."""

from typing import Final

from common.runtime.clock import Clock
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.record.links import day_of
from recorder.storage.record import DROPPED, RecordWriter
from recorder.storage.statements import Connection, select

CHECK_EVERY_S: Final = 3_600
BATCH_TEXTS: Final = 2_000


class TextRetention:
    """Once a day, soon after midnight (UTC), drops the texts of the day that is no longer kept.

    First every chain gets a link that says so, in one transaction; then the texts are deleted in short transactions, so
    that an audit at any moment finds each missing text explained. A deletion that was interrupted goes on at the next
    check, with a link of its own.
    """

    def __init__(self, pool: Pool, clock: Clock, keep_days: int) -> None:
        self._pool, self._clock, self._keep_days = pool, clock, keep_days

    async def run(self) -> None:
        """Checks every hour until cancelled, through outages of PostgreSQL."""
        while True:
            try:
                await self.drop(self._clock.now_ms())
            except Exception as error:
                if not is_outage(error):
                    raise
            await self._clock.sleep(CHECK_EVERY_S)

    async def drop(self, now_ms: int) -> int:
        """Drops what is too old; returns how many texts that were."""
        before_day = day_of(now_ms) - self._keep_days
        async with self._pool.connection() as connection, connection.transaction():
            if not await _has_texts(connection, before_day):
                return 0
            await _note_in_every_chain(connection, before_day, now_ms)
        dropped = 0
        while deleted := await self._delete_batch(before_day):
            dropped += deleted
        return dropped

    async def _delete_batch(self, before_day: int) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                """DELETE FROM record_blobs WHERE (day, hash) IN (
                    SELECT day, hash FROM record_blobs WHERE day < %s ORDER BY day, hash LIMIT %s
                )""",
                (before_day, BATCH_TEXTS),
            )
            return cursor.rowcount


async def _has_texts(connection: Connection, before_day: int) -> bool:
    query = "SELECT EXISTS (SELECT FROM record_blobs WHERE day < %s) AS found"
    [row] = await select(connection, query, before_day)
    return bool(row["found"])


async def _note_in_every_chain(connection: Connection, before_day: int, now_ms: int) -> None:
    writer = RecordWriter()
    chains = [row["chain"] for row in await select(connection, "SELECT chain FROM record_heads")]
    heads = await writer.lock(connection, chains, now_ms)
    for chain, head in heads.items():
        await writer.append_note(connection, chain, head, DROPPED, now_ms, {"before_day": before_day})
