"""Whether the rows that were made from recorded events are as they were made."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb, set_json_loads

from common.runtime.record.links import Record, join_event
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.notes import Epochs
from recorder.storage.linked_rows import BY_KIND
from recorder.storage.statements import Connection, Row, select

NOT_KEPT: Final = "a text that is no longer kept: "
MADE_OF_JSON: Final = frozenset({"summary"})
"""Columns made from texts that are JSON: a snapshot's coins."""
SHOWN_CHARACTERS: Final = 60
LATE_COLUMNS: Final = """SELECT d.id, d.model, d.cycle_id, d.verdict, d.denial_code, d.executed,
    v.verdict AS expected_verdict, v.denial_code AS expected_denial_code,
    EXISTS (
        SELECT FROM verdicts a JOIN fills f ON f.intent_id = a.id
        WHERE a.decision_id = d.id AND a.intent_kind <> 'invalidation'
    ) AS expected_executed
FROM ai_decisions d LEFT JOIN LATERAL (
    SELECT verdict, denial_code FROM verdicts WHERE decision_id = d.id AND intent_kind <> 'invalidation'
    ORDER BY denial_code = 'VOID' DESC NULLS LAST LIMIT 1
) v ON true WHERE d.id = ANY(%s)"""
"""What was written into decisions after they were stored, and what it follows from."""


async def check_rows(
    connection: Connection,
    report: Report,
    records: Sequence[Record],
    texts: Mapping[bytes, bytes],
    dropped_before_ms: Mapping[str, int],
    epochs: Epochs,
) -> None:
    """Makes each event's row again, as the recorder did, and compares it with the stored one, column by column.

    Rows of a table from before a time may be no longer kept.
    """
    for kind, linked in BY_KIND.items():
        made = [(record, linked.make(_event(record, texts))) for record in records if record.event["type"] == kind]
        if not made:
            continue
        columns, keys = list(made[0][1]), [row[linked.key] for _, row in made]
        query = f"SELECT {', '.join(columns)} FROM {linked.table} WHERE {linked.key} = ANY(%s)"  # noqa: S608
        stored = {row[linked.key]: row for row in await _select_exact(connection, query, keys)}
        for record, row in made:
            report.rows += 1
            if "model" in row:
                row["model"] = epochs.model_of(record.sequence)
            where = record.chain, record.sequence, record.event.get("cycle_id")
            if row[linked.key] not in stored and row["time_ms"] < dropped_before_ms.get(linked.table, 0):
                report.rows_not_kept += 1
                continue
            if row[linked.key] not in stored:
                report.add(*where, linked.table, f"missing: the row {row[linked.key]}")
                continue
            for column in _changed_columns(record, row, stored[row[linked.key]], texts):
                found, expected = (_shown(each[column]) for each in (stored[row[linked.key]], row))
                report.add(*where, f"{linked.table}.{column}", f"stored {found}, on the record {expected}")


async def check_late_columns(connection: Connection, report: Report, records: Sequence[Record]) -> None:
    """Compares what decisions say of their verdict and execution with the verdicts and fills."""
    decisions = {record.event["id"]: record for record in records if record.event["type"] == "agent.decision"}
    for row in await select(connection, LATE_COLUMNS, list(decisions)):
        record = decisions[row["id"]]
        for column in ("verdict", "denial_code", "executed"):
            if row[column] != row[f"expected_{column}"]:
                fault = f"stored {row[column]!r}, by verdicts and fills {row[f'expected_{column}']!r}"
                where = record.chain, record.sequence, record.event.get("cycle_id")
                report.add(*where, f"ai_decisions.{column}", fault)


def _event(record: Record, texts: Mapping[bytes, bytes]) -> Any:
    """The event, in which texts that are not kept are replaced by a text that says so."""
    known = dict(texts)
    for reference in record.references:
        known.setdefault(reference.hash, b"{}" if reference.is_json else _stand_in(reference.hash).encode())
    return join_event(record.event, known)


def _stand_in(wanted: bytes) -> str:
    return NOT_KEPT + wanted.hex()


def _changed_columns(record: Record, row: Row, stored: Row, texts: Mapping[bytes, bytes]) -> list[str]:
    """Columns that are not as they were made; those made from a text that is not kept are left out."""
    lost = [reference for reference in record.references if reference.hash not in texts]
    unknown = {_stand_in(reference.hash) for reference in lost}
    unknown_columns = MADE_OF_JSON if any(reference.is_json for reference in lost) else frozenset()
    return [
        column
        for column, value in row.items()
        if not _is_same(stored[column], _exact(value)) and str(value) not in unknown and column not in unknown_columns
    ]


_exact_json = partial(json.loads, parse_float=Decimal)
"""A float would hide digits that PostgreSQL keeps."""


async def _select_exact(connection: Connection, query: str, keys: Sequence[Any]) -> list[Row]:
    """Rows by their keys, JSON in them with its numbers as they are written."""
    cursor = connection.cursor(row_factory=dict_row)
    set_json_loads(_exact_json, cursor)
    await cursor.execute(query.encode(), (keys,))
    return await cursor.fetchall()


def _exact(value: Any) -> Any:
    return _exact_json(json.dumps(value.obj)) if isinstance(value, Jsonb) else value


def _is_same(found: Any, expected: Any) -> bool:
    """Equality in which true is not 1."""
    match found, expected:
        case dict(), dict():
            return found.keys() == expected.keys() and all(_is_same(found[name], expected[name]) for name in found)
        case list(), list():
            return len(found) == len(expected) and all(map(_is_same, found, expected))
    return isinstance(found, bool) is isinstance(expected, bool) and bool(found == expected)


def _shown(value: Any) -> str:
    text = repr(value.obj if isinstance(value, Jsonb) else value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
