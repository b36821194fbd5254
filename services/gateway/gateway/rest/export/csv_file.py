"""CSV of any length, made page by page."""

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from gateway.rest.export.tables import Export
from gateway.storage.queries import Queries, Row

UNLIMITED: AbstractAsyncContextManager[None] = nullcontext()
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


async def row_pages(
    export: Export,
    model: str | None,
    queries: Queries,
    page_rows: int | None = None,
    reading: AbstractAsyncContextManager[None] = UNLIMITED,
) -> AsyncIterator[list[Row]]:
    """The rows, oldest first, in pages of which the last is short; `reading` is held for each page's queries.

    Each page is read after the last one's (time, key): no connection and no memory is held while a client is slow.
    """
    count = page_rows or export.page_rows
    after = (-1, "")
    while True:
        async with reading:
            of_model = model if export.has_model else None
            rows = await queries.page_of(
                export.source, export.columns, (export.time, export.key), of_model, after, count
            )
            if export.recorded and rows:
                texts = await queries.recorded_texts([row["id"] for row in rows])
                rows = [row | {name: texts[row["id"]][name] for name in export.recorded} for row in rows]
        yield rows
        if len(rows) < count:
            return
        after = (rows[-1][export.time], rows[-1][export.key])


async def csv_pages(
    export: Export,
    model: str | None,
    queries: Queries,
    page_rows: int | None = None,
    reading: AbstractAsyncContextManager[None] = UNLIMITED,
) -> AsyncIterator[str]:
    """The file in parts, the header in the first one."""
    header: tuple[str, ...] | None = export.all_columns
    async for rows in row_pages(export, model, queries, page_rows, reading):
        yield csv_text(export, rows, header)
        header = None


def csv_text(export: Export, rows: list[Row], header: tuple[str, ...] | None) -> str:
    """Rows as lines of CSV, after a line of names where a header is given."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row[name], is_text=name in export.texts) for name in export.all_columns])
    return text.getvalue()


def _cell(value: Any, *, is_text: bool) -> Any:
    """A value as a cell; a text that a spreadsheet would read as a formula is quoted.

    Of a list its words, with a blank between them; of objects in it their codes; an object is JSON.
    """
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(each["code"] if isinstance(each, dict) else each for each in value)
    if is_text and isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
