"""Whether links follow each other, and hold what their columns repeat. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from common.runtime.record.compression import RECORD_DICTIONARY, DamagedContent, decompress
from common.runtime.record.links import FIRST, Record, UnreadableRecord, next_link, read_record
from recorder.monitoring.audit.findings import Report
from recorder.storage.statements import Row

REPEATED: Final[Mapping[str, str]] = {
    "kind": "type",
    "event_id": "id",
    "cycle_id": "cycle_id",
    "time_ms": "time_ms",
}
"""Columns of record_links that repeat a field of the event."""


class LinkCheck:
    """Follows one chain from its first link, or from the one before `first`, which is then taken as it is stored.

    After a fault it goes on from what is stored, so that one change is one finding.
    """

    def __init__(self, report: Report, chain: str, *, first: int = 1, before: bytes = FIRST) -> None:
        self._report, self._chain = report, chain
        self._expected = first
        self._before: tuple[bytes, ...] = (before,)

    @property
    def next_sequence(self) -> int:
        return self._expected

    def check(self, row: Row) -> Record | None:
        """The record of the next stored link, when it can be read and is at its place."""
        sequence: int = row["sequence"]
        cycle_id: str | None = row["cycle_id"]
        if sequence != self._expected:
            missing = f"{self._expected}" if sequence == self._expected + 1 else f"{self._expected} to {sequence - 1}"
            self._report.add(self._chain, None, None, "record_links", f"missing: {missing}")
            self._before = ()
        self._expected = sequence + 1
        self._report.links += 1
        try:
            text = decompress(row["record"], RECORD_DICTIONARY)
            record = read_record(text)
        except (DamagedContent, UnreadableRecord) as error:
            self._fault(sequence, cycle_id, "record", f"can't be read: {error}")
            self._before = (row["link"],)
            return None
        links = [next_link(each, text) for each in self._before]
        is_moved = (record.chain, record.sequence) != (self._chain, sequence)
        if is_moved:
            place = f"link {record.sequence} of {record.chain}"
            self._fault(sequence, cycle_id, "sequence", f"reordered: this is {place}")
        elif links and row["link"] not in links:
            self._fault(sequence, cycle_id, "link", "record or link changed: it does not follow from the link before")
        # After a fault the next link shows which of the two was changed, the record or the link.
        self._before = (row["link"],) if row["link"] in links else (row["link"], *links[:1])
        if is_moved:
            return None
        self._check_columns(row, record)
        return record

    def _check_columns(self, row: Row, record: Record) -> None:
        expected: dict[str, Any] = {column: record.event.get(name) for column, name in REPEATED.items()}
        for column, value in (expected | {"day": record.day}).items():
            if row[column] != value:
                fault = f"stored {row[column]!r}, on the record {value!r}"
                self._fault(row["sequence"], expected["cycle_id"], f"record_links.{column}", fault)

    def _fault(self, sequence: int, cycle_id: str | None, place: str, fault: str) -> None:
        self._report.add(self._chain, sequence, cycle_id, place, fault)
