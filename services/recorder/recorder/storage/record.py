"""The record: links and texts of the events that are stored, written in the transaction that stores them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.events import Event
from common.runtime.record.compression import RECORD_DICTIONARY, compress
from common.runtime.record.links import FIRST, MARKET, Text, chain_of, day_of, make_record, next_link, split_event
from common.runtime.record.reader import MAX_BASES
from common.version import VERSION
from recorder.storage.statements import Connection, Row, insert, insert_new, select

BEGAN: Final = "record.began"
DROPPED: Final = "record.dropped"
ROWS_DROPPED: Final = "record.rows_dropped"
EPOCH: Final = "record.epoch"
"""The contender's rows belong to the account `epoch` from here on, and to `before` up to here (see `epochs.py`)."""
LINKED_TABLES: Final = ("ai_decisions", "verdicts", "fills", "account_movements")
"""Of contenders, by their column `model`; the market's is market_snapshots."""


@dataclass(slots=True)
class Head:
    """The newest link of a chain."""

    sequence: int
    link: bytes


@dataclass(frozen=True, slots=True)
class _Base:
    """The newest text of a place, against which the next one is compressed, and how many it was compressed against."""

    text: Text
    bases: int


class RecordWriter:
    """Appends links and their texts.

    Order. A chain's order is that in which its events are stored. `lock` takes the heads of all chains that a batch
    may append to, in the order of their names and before anything else is written, and holds them until the transaction
    ends: recorders that store at the same time take turns, and neither a number nor a link is used twice.

    Repeats. Only events whose rows were new are appended, and none twice; a batch that is stored again appends nothing.

    In memory there are the hashes of the day's texts, and per place of a text the newest one. They may be of the
    transaction that runs: whoever catches that transaction's failure calls `forget`.
    """

    def __init__(self) -> None:
        self._day = 0
        self._stored: set[bytes] = set()
        self._bases: dict[str, _Base] = {}

    def forget(self) -> None:
        """Forgets texts that may not be stored."""
        self._stored.clear()
        self._bases.clear()

    async def lock(self, connection: Connection, chains: Collection[str], now_ms: int) -> dict[str, Head]:
        """The heads of these chains, locked. A chain that has no link yet begins with what is stored already."""
        names = sorted(chains)
        await insert(connection, "record_heads", [{"chain": name, "sequence": 0, "link": FIRST} for name in names])
        query = "SELECT chain, sequence, link FROM record_heads WHERE chain = ANY(%s) ORDER BY chain FOR UPDATE"
        rows = await select(connection, query, names)
        heads = {row["chain"]: Head(row["sequence"], row["link"]) for row in rows}
        for name, head in heads.items():
            if head.sequence == 0:
                unlinked = await _unlinked(connection, name)
                await self.append_note(connection, name, head, BEGAN, now_ms, {"unlinked": unlinked})
        return heads

    async def append(self, connection: Connection, heads: dict[str, Head], events: Sequence[Event[Any]]) -> None:
        """Appends events, whose rows this transaction has inserted, to their chains."""
        links: list[Row] = []
        linked = await select(
            connection, "SELECT event_id FROM record_links WHERE event_id = ANY(%s)", [event.id for event in events]
        )
        known = {row["event_id"] for row in linked}
        for event in events:
            if event.id in known:
                continue  # Its row was lost and is stored again.
            known.add(event.id)
            body, texts = split_event(event)
            await self._store_texts(connection, texts, day_of(event.recorded_ms))
            chain = chain_of(event)
            links.append(_link_row(heads[chain], chain, body))
        await _insert_links(connection, heads, links)

    async def append_note(
        self, connection: Connection, chain: str, head: Head, kind: str, now_ms: int, details: dict[str, Any]
    ) -> None:
        """Appends what the recorder itself has to say about a chain."""
        body = {"type": kind, "time_ms": now_ms, "recorded_ms": now_ms, **details}
        await _insert_links(connection, {chain: head}, [_link_row(head, chain, body)])

    async def _store_texts(self, connection: Connection, texts: Sequence[Text], day: int) -> None:
        if day != self._day:
            self.forget()
            self._day = day
        fresh = {text.hash: text for text in texts if text.hash not in self._stored}
        rows = {each: self._blob_row(text, day) for each, text in fresh.items()}
        inserted = await insert_new(connection, "record_blobs", list(rows.values()), "hash")
        for each in inserted:
            text = fresh[each]
            base = self._bases.get(text.place) if rows[each]["base"] else None
            self._bases[text.place] = _Base(text, base.bases + 1 if base else 0)
        self._stored |= fresh.keys()

    def _blob_row(self, text: Text, day: int) -> Row:
        base = self._bases.get(text.place)
        if base is not None and base.bases >= MAX_BASES:
            base = None
        return {
            "day": day,
            "hash": text.hash,
            "base": base.text.hash if base else None,
            "content": compress(text.content, base.text.content if base else None),
        }


def _link_row(head: Head, chain: str, body: dict[str, Any]) -> Row:
    """The next link of a chain, whose head it becomes."""
    head.sequence += 1
    record = make_record(chain, head.sequence, VERSION, body)
    head.link = next_link(head.link, record)
    return {
        "chain": chain,
        "sequence": head.sequence,
        "kind": body["type"],
        "event_id": body.get("id"),
        "cycle_id": body.get("cycle_id"),
        "time_ms": body["time_ms"],
        "day": day_of(body["recorded_ms"]),
        "record": compress(record, RECORD_DICTIONARY),
        "link": head.link,
    }


async def _insert_links(connection: Connection, heads: dict[str, Head], links: Sequence[Row]) -> None:
    """Raises when a link exists: appending is decided by rows that were new, so that can only be a mistake."""
    if not links:
        return
    columns = list(links[0])
    places = ", ".join(["%s"] * len(columns))
    async with connection.cursor() as cursor:
        await cursor.executemany(
            f"INSERT INTO record_links ({', '.join(columns)}) VALUES ({places})".encode(),  # noqa: S608 - own names
            [tuple(row.values()) for row in links],
        )
        await cursor.executemany(
            b"UPDATE record_heads SET sequence = %s, link = %s WHERE chain = %s",
            [(head.sequence, head.link, chain) for chain, head in heads.items()],
        )


async def _unlinked(connection: Connection, chain: str) -> dict[str, int]:
    """How many rows of each table there are before a chain begins: those of versions that had no record."""
    if chain == MARKET:
        counts = await select(connection, "SELECT 'market_snapshots' AS name, count(*) AS rows FROM market_snapshots")
    else:
        query = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*) AS rows FROM {table} WHERE split_part(model, '#', 1) = %s"  # noqa: S608
            for table in LINKED_TABLES
        )
        counts = await select(connection, query, *[chain] * len(LINKED_TABLES))
    return {row["name"]: row["rows"] for row in counts}
