"""Verifies the record in PostgreSQL: links, rows, texts, heads, and what is stored without being on the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.runtime.record.compression import DamagedContent
from common.runtime.record.links import FIRST, MARKET, Record
from common.runtime.record.reader import MissingBlob, read_blobs, text_of
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.link_check import LinkCheck
from recorder.monitoring.audit.notes import dropped_before_day, read_epochs, rows_dropped_before_ms
from recorder.monitoring.audit.row_check import check_late_columns, check_rows
from recorder.storage.linked_rows import BY_KIND
from recorder.storage.record import BEGAN, LINKED_TABLES
from recorder.storage.statements import Connection, select

PAGE_LINKS: Final = 256
NAMED_ROWS: Final = 20
LINKS: Final = """SELECT sequence, kind, event_id, cycle_id, time_ms, day, record, link FROM record_links
    WHERE chain = %s AND sequence >= %s AND sequence <= %s ORDER BY sequence LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Span:
    """Event times in ms, both ends included; a chain is checked from its first to its last link of that time."""

    first_ms: int | None = None
    last_ms: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.first_ms is None and self.last_ms is None


async def chains_of(connection: Connection) -> list[str]:
    """Every chain that has a link, a head or rows, by name."""
    queries = ["SELECT chain FROM record_links", "SELECT chain FROM record_heads"]
    queries += [f"SELECT split_part(model, '#', 1) AS chain FROM {table}" for table in LINKED_TABLES]  # noqa: S608
    query = " UNION ".join(queries)
    return [row["chain"] for row in await select(connection, f"{query} ORDER BY 1")]


async def verify_chain(connection: Connection, report: Report, chain: str, span: Span) -> None:
    """Verifies one chain, page by page. The connection's transaction is to be of one state (REPEATABLE READ)."""
    first, last = await _sequences(connection, chain, span)
    before = FIRST if first == 1 else await _link_at(connection, chain, first - 1)
    check = LinkCheck(report, chain, first=first, before=before)
    dropped_before, epochs = await dropped_before_day(connection, chain), await read_epochs(connection, chain)
    rows_before = await rows_dropped_before_ms(connection, chain)
    began: Record | None = None
    while check.next_sequence <= last:
        rows = await select(connection, LINKS, chain, check.next_sequence, last, PAGE_LINKS)
        if not rows:
            break
        records = [record for row in rows if (record := check.check(row)) is not None]
        texts = await _check_texts(connection, report, records, dropped_before)
        await check_rows(connection, report, records, texts, rows_before, epochs)
        await check_late_columns(connection, report, records)
        began = next((record for record in records if record.event["type"] == BEGAN), began)
        report.on_progress(chain, check.next_sequence - 1, last)
    if span.is_whole:
        await _check_head(connection, report, chain, check.next_sequence - 1)
        await _check_unlinked(connection, report, chain, began, rows_before)


async def verify_heads(connection: Connection, report: Report, heads: Mapping[str, tuple[int, bytes]]) -> None:
    """Compares the links with heads that were noted outside the database: (sequence, link) by chain."""
    for chain, (sequence, link) in heads.items():
        stored = await _link_at(connection, chain, sequence)
        if stored != link:
            report.add(chain, sequence, None, "link", f"stored {stored.hex() or 'none'}, noted {link.hex()}")


async def _sequences(connection: Connection, chain: str, span: Span) -> tuple[int, int]:
    """The first and the last link to check; without any, the second is smaller."""
    if span.is_whole:
        [row] = await select(
            connection, "SELECT coalesce(max(sequence), 0) AS last FROM record_links WHERE chain = %s", chain
        )
        return 1, row["last"]
    [row] = await select(
        connection,
        """SELECT coalesce(min(sequence), 1) AS first, coalesce(max(sequence), 0) AS last FROM record_links
        WHERE chain = %s AND time_ms >= coalesce(%s, time_ms) AND time_ms <= coalesce(%s, time_ms)""",
        chain,
        span.first_ms,
        span.last_ms,
    )
    return row["first"], row["last"]


async def _link_at(connection: Connection, chain: str, sequence: int) -> bytes:
    """The stored link; empty when there is none."""
    query = "SELECT link FROM record_links WHERE chain = %s AND sequence = %s"
    rows = await select(connection, query, chain, sequence)
    return rows[0]["link"] if rows else b""


async def _check_texts(
    connection: Connection, report: Report, records: Sequence[Record], dropped_before: int
) -> dict[bytes, bytes]:
    """Reads every text of these records; returns those that are sound."""
    found: dict[bytes, bytes] = {}
    for day in sorted({record.day for record in records}):
        of_day = [record for record in records if record.day == day]
        wanted = {reference.hash for record in of_day for reference in record.references}
        blobs, texts = await read_blobs(connection, day, wanted), dict[bytes, bytes]()
        for record in of_day:
            for reference in record.references:
                report.texts += 1
                fault = _text_fault(reference.hash, blobs, texts)
                if fault == MISSING and day < dropped_before:
                    report.texts_not_kept += 1
                elif fault:
                    where = record.chain, record.sequence, record.event.get("cycle_id")
                    report.add(*where, reference.place, fault)
        found |= texts
    return found


MISSING: Final = "the text is missing"


def _text_fault(wanted: bytes, blobs: Mapping[bytes, Any], texts: dict[bytes, bytes]) -> str:
    """What is wrong with a text; empty when it is sound, and then it is among `texts`."""
    try:
        text_of(wanted, blobs, texts)
    except MissingBlob as error:
        return MISSING if wanted not in blobs else f"the text that it is compressed against is missing: {error}"
    except DamagedContent as error:
        return f"the text was changed: blob {error}"
    return ""


async def _check_head(connection: Connection, report: Report, chain: str, last: int) -> None:
    rows = await select(connection, "SELECT sequence, link FROM record_heads WHERE chain = %s", chain)
    if not rows:
        report.add(chain, None, None, "record_heads", "missing: the chain's head")
        return
    sequence, link = rows[0]["sequence"], rows[0]["link"]
    report.heads[chain] = sequence, link
    if sequence > last:
        report.add(chain, None, None, "record_links", f"missing: {last + 1} to {sequence}, at the end")
    elif sequence < last or await _link_at(connection, chain, last) != link:
        report.add(chain, last, None, "record_heads", f"the head says {sequence} {link.hex()}")


async def _check_unlinked(
    connection: Connection, report: Report, chain: str, began: Record | None, dropped_before_ms: Mapping[str, int]
) -> None:
    """Compares how many rows have no link with how many there were before the first link.

    Fewer are no fault in a table of which rows are no longer kept.
    """
    if began is None:
        report.add(chain, 1, None, "record_links", "missing: the beginning of the chain")
        return
    is_market = chain == MARKET
    row_key, link_key = ("cycle_id", "cycle_id") if is_market else ("id", "event_id")
    condition = "%s = %s" if is_market else "split_part(t.model, '#', 1) = %s"
    parameters = [chain, chain] if is_market else [chain]
    for table in ("market_snapshots",) if is_market else LINKED_TABLES:
        kinds = [kind for kind, linked in BY_KIND.items() if linked.table == table]
        unlinked = f"""FROM {table} t WHERE {condition} AND NOT EXISTS (
            SELECT FROM record_links l WHERE l.chain = %s AND l.kind = ANY(%s) AND l.{link_key} = t.{row_key}
        )"""
        [row] = await select(connection, f"SELECT count(*) AS rows {unlinked}", *parameters, chain, kinds)
        excess = row["rows"] - began.event["unlinked"].get(table, 0)
        if excess < 0 and table not in dropped_before_ms:
            report.add(chain, None, None, table, f"{-excess} rows of before the record are missing")
        elif excess > 0:
            query = f"SELECT t.{row_key} AS key {unlinked} ORDER BY t.time_ms DESC LIMIT {NAMED_ROWS}"
            names = ", ".join(each["key"] for each in await select(connection, query, *parameters, chain, kinds))
            fault = f"{excess} rows are not on the record; the newest rows without a link: {names}"
            report.add(chain, None, None, table, fault)
