"""What a chain says of itself: which texts are no longer kept, and which account's rows its links have made."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from common.runtime.record.compression import RECORD_DICTIONARY, DamagedContent, decompress
from common.runtime.record.links import UnreadableRecord, read_record
from common.trading.epochs import aside_id
from recorder.storage.record import DROPPED, EPOCH, ROWS_DROPPED
from recorder.storage.statements import Connection, select


@dataclass(frozen=True, slots=True)
class Epochs:
    """The epochs of one chain: (number of the link from which on it holds, epoch), oldest first; empty for only one."""

    chain: str
    begun: Sequence[tuple[int, str]] = ()

    def model_of(self, sequence: int) -> str:
        """What stands in the column `model` of the row that this link has made."""
        if not self.begun:
            return self.chain
        epoch = next(epoch for first, epoch in reversed(self.begun) if first <= sequence)
        return self.chain if epoch == self.begun[-1][1] else aside_id(self.chain, epoch)


async def read_epochs(connection: Connection, chain: str) -> Epochs:
    """The epochs that the chain names."""
    begun: list[tuple[int, str]] = []
    async for sequence, note in _notes(connection, chain, EPOCH):
        begun = begun or [(0, str(note.get("before")))]
        begun.append((sequence, str(note.get("epoch"))))
    return Epochs(chain, begun)


async def dropped_before_day(connection: Connection, chain: str) -> int:
    """The texts of earlier days are no longer kept, as the chain itself says; 0 when all are."""
    days = [0]
    async for _, note in _notes(connection, chain, DROPPED):
        if isinstance(day := note.get("before_day"), int):
            days.append(day)
    return max(days)


async def rows_dropped_before_ms(connection: Connection, chain: str) -> dict[str, int]:
    """By table: rows of earlier times may be no longer kept, as the chain itself says."""
    dropped: dict[str, int] = {}
    async for _, note in _notes(connection, chain, ROWS_DROPPED):
        table, before_ms = str(note.get("table")), note.get("before_ms")
        if isinstance(before_ms, int):
            dropped[table] = max(dropped.get(table, 0), before_ms)
    return dropped


async def _notes(connection: Connection, chain: str, kind: str) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """The number and the content of each link that the recorder itself has made; it belongs to no event."""
    query = """SELECT sequence, record FROM record_links WHERE event_id IS NULL AND chain = %s AND kind = %s
        ORDER BY sequence"""
    for row in await select(connection, query, chain, kind):
        try:
            yield row["sequence"], read_record(decompress(row["record"], RECORD_DICTIONARY)).event
        except (DamagedContent, UnreadableRecord):
            continue  # The check of the link names it.
