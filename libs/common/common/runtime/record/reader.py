"""Recorded events, read from PostgreSQL with their long texts."""

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from common.events import Event
from common.runtime.record.compression import RECORD_DICTIONARY, DamagedContent, decompress
from common.runtime.record.links import Record, UnreadableRecord, join_event, read_record

MAX_BASES: Final = 48
"""How many texts at most have to be read before one that is compressed against them."""
PAGE_EVENTS: Final = 200


class Blob(NamedTuple):
    """A row of record_blobs."""

    base: bytes | None
    content: bytes


class DamagedRecord(Exception):
    """A stored link can't be read; `aicoin audit verify` says what else is wrong with the record."""


class MissingBlob(Exception):
    """A text, or one that it is compressed against, is not stored."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A link's record and, by their hash, those of its texts that are kept and undamaged."""

    record: Record
    texts: Mapping[bytes, bytes]

    def event(self) -> Event[Any]:
        """The event as it was. Raises KeyError when one of its texts is not there."""
        return join_event(self.record.event, self.texts)

    def value(self, place: str) -> Any:
        """What stands at a place such as `data.prompt.user`; None where nothing is, or a text is not there."""
        value: Any = self.record.event
        for name in place.split("."):
            if value is None:
                return None
            value = value[int(name)] if isinstance(value, list) else value.get(name)
        if isinstance(value, dict) and "sha256" in value:
            content = self.texts.get(bytes.fromhex(value["sha256"]))
            return None if content is None else content.decode()
        return value


async def read_recorded(connection: AsyncConnection[Any], event_ids: Collection[str]) -> dict[str, RecordedEvent]:
    """Recorded events by id; those that are not on the record, or whose link can't be read, are left out."""
    rows = await _rows(
        connection, "SELECT event_id, record FROM record_links WHERE event_id = ANY(%s)", list(event_ids)
    )
    records: dict[str, Record] = {}
    for event_id, record in rows:
        with suppress(DamagedContent, UnreadableRecord):
            records[event_id] = read_record(decompress(record, RECORD_DICTIONARY))
    texts = await read_texts(connection, records.values())
    return {event_id: RecordedEvent(record, texts) for event_id, record in records.items()}


async def iterate_recorded(
    connection: AsyncConnection[Any], chain: str, kind: str, *, first_ms: int, last_ms: int
) -> AsyncIterator[RecordedEvent]:
    """The chain's events of one type (`agent.decision`, …) whose event time lies within, both ends included.

    Oldest first, and as stored where times are equal; read in pages, so that months take up no memory. Raises
    DamagedRecord, with the link's number.
    """
    after: tuple[int, int] = (first_ms, 0)
    while True:
        rows = await _rows(
            connection,
            """SELECT time_ms, sequence, record FROM record_links
            WHERE chain = %s AND kind = %s AND (time_ms, sequence) > (%s, %s) AND time_ms <= %s
            ORDER BY time_ms, sequence LIMIT %s""",
            chain,
            kind,
            *after,
            last_ms,
            PAGE_EVENTS,
        )
        records = [_read(chain, sequence, record) for _, sequence, record in rows]
        texts = await read_texts(connection, records)
        for record in records:
            yield RecordedEvent(record, texts)
        if len(rows) < PAGE_EVENTS:
            return
        after = rows[-1][0], rows[-1][1]


def _read(chain: str, sequence: int, record: bytes) -> Record:
    try:
        return read_record(decompress(record, RECORD_DICTIONARY))
    except (DamagedContent, UnreadableRecord) as error:
        raise DamagedRecord(f"{chain} link {sequence} can't be read: {error}") from None


async def read_texts(connection: AsyncConnection[Any], records: Iterable[Record]) -> dict[bytes, bytes]:
    """The texts of these records that are kept undamaged, by hash."""
    wanted: dict[int, set[bytes]] = {}
    for record in records:
        wanted.setdefault(record.day, set()).update(reference.hash for reference in record.references)
    texts: dict[bytes, bytes] = {}
    for day, hashes in wanted.items():
        blobs = await read_blobs(connection, day, hashes - texts.keys())
        for each in hashes & blobs.keys():
            with suppress(MissingBlob, DamagedContent):
                text_of(each, blobs, texts)
    return texts


async def read_blobs(connection: AsyncConnection[Any], day: int, hashes: Collection[bytes]) -> dict[bytes, Blob]:
    """Rows of record_blobs by hash: those asked for, and those that they are compressed against."""
    rows = await _rows(
        connection,
        """WITH RECURSIVE needed (hash, base, content) AS (
            SELECT hash, base, content FROM record_blobs WHERE day = %s AND hash = ANY(%s)
            UNION SELECT b.hash, b.base, b.content FROM record_blobs b JOIN needed n ON b.hash = n.base WHERE b.day = %s
        ) SELECT hash, base, content FROM needed""",
        day,
        list(hashes),
        day,
    )
    return {each: Blob(base, content) for each, base, content in rows}


def text_of(wanted: bytes, blobs: Mapping[bytes, Blob], texts: dict[bytes, bytes]) -> bytes:
    """The text with this hash, added to `texts`, which holds those that are known.

    Raises MissingBlob, and DamagedContent where a blob is not the text of its hash; either names the blob.
    """
    series: list[bytes] = []
    each: bytes | None = wanted
    while each is not None and each not in texts:
        if each not in blobs:
            raise MissingBlob(each.hex())
        if len(series) > MAX_BASES:
            raise DamagedContent(f"{wanted.hex()} is compressed against too many texts")
        series.append(each)
        each = blobs[each].base
    text = None if each is None else texts[each]
    for each in reversed(series):
        text = _checked(each, blobs[each], text)
        texts[each] = text
    return texts[wanted]


def _checked(wanted: bytes, blob: Blob, base: bytes | None) -> bytes:
    try:
        text = decompress(blob.content, base)
    except DamagedContent as error:
        raise DamagedContent(f"{wanted.hex()}: {error}") from None
    if hashlib.sha256(text).digest() != wanted:
        raise DamagedContent(f"{wanted.hex()}: its text has another SHA-256")
    return text


async def _rows(connection: AsyncConnection[Any], query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchall()
