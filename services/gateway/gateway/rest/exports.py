"""CSV files of any length, read page by page: a slow client holds neither memory nor a database connection.

Few are sent at once, and few of their pages read at once: the page's own reads go on meanwhile.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.http.auth import client_address
from gateway.http.limits import Shares
from gateway.http.parameters import RosterParameters
from gateway.storage.queries import Queries

PAGE_ROWS = 2_000
MAX_EXPORTS, MAX_EXPORTS_PER_ADDRESS = 12, 3
MAX_READS = 2
UNLIMITED: AbstractAsyncContextManager[None] = nullcontext()
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Export:
    """`source` is read by (time, key), both unique together; `texts` are columns that a model or an exchange wrote."""

    source: str
    time: str
    key: str
    columns: tuple[str, ...]
    texts: frozenset[str] = frozenset()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EXPORTS = {
    "equity": Export(
        source="api_equity",
        time="time_ms",
        key="model",
        columns=_names(
            "model time_ms equity balance available_balance margin_used unrealized_pnl margin_ratio transfers"
        ),
    ),
    "trades": Export(
        source="api_trades",
        time="entry_time",
        key="id",
        columns=_names(
            "id model symbol side entry_time exit_time entry_price exit_price position_size leverage"
            " entry_notional exit_notional pnl pnl_percent fees funding status close_reason stop_loss"
            " take_profit cycle_id decision_id"
        ),
    ),
    "decisions": Export(
        source="api_decisions",
        time="time_ms",
        key="id",
        columns=_names(
            "id model cycle_id time_ms outcome action symbol leverage position_size_percent confidence"
            " verdict denial_code executed failure_code failure_reason latency_ms provider_model stand_in"
            " leniencies refused_answers reasoning"
        ),
        texts=frozenset({"failure_reason", "reasoning", "provider_model"}),
    ),
}


class Exports:
    """GET export/{name}.csv."""

    def __init__(self, parameters: RosterParameters, queries: Queries) -> None:
        self._parameters, self._queries = parameters, queries
        self._shares = Shares(MAX_EXPORTS, MAX_EXPORTS_PER_ADDRESS)
        self._reading = asyncio.Semaphore(MAX_READS)

    async def respond(self, name: str, request: Request) -> Response:
        """The file. Raises ApiError, or what the store raises before the first row."""
        model = self._parameters.model_filter(request.query_params)
        give_back = self._shares.take(client_address(request))
        pages = csv_pages(EXPORTS[name], model, self._queries, reading=self._reading)
        try:
            first = await anext(pages)
        except BaseException:
            give_back()
            raise

        async def body() -> AsyncIterator[str]:
            yield first
            async for page in pages:
                yield page

        file = f"aicoin-{name}{f'-{model}' if model else ''}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
        return _Download(body(), give_back, media_type="text/csv; charset=utf-8", headers=headers)


class _Download(StreamingResponse):
    """Calls `give_back` once the file is sent, or its client gone."""

    def __init__(self, body: AsyncIterator[str], give_back: Callable[[], None], **arguments: Any) -> None:
        super().__init__(body, **arguments)
        self._give_back = give_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._give_back()


async def csv_pages(
    export: Export,
    model: str | None,
    queries: Queries,
    page_rows: int = PAGE_ROWS,
    reading: AbstractAsyncContextManager[None] = UNLIMITED,
) -> AsyncIterator[str]:
    """The file in parts, oldest row first, the header in the first part; `reading` is held for each part's query."""
    after = (-1, "")
    header: tuple[str, ...] | None = export.columns
    while True:
        async with reading:
            rows = await queries.page_of(
                export.source, export.columns, export.time, export.key, model, after, page_rows
            )
        yield _csv(export, rows, header)
        header = None
        if len(rows) < page_rows:
            return
        after = (rows[-1][export.time], rows[-1][export.key])


def _csv(export: Export, rows: list[dict[str, Any]], header: tuple[str, ...] | None) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row[name], is_text=name in export.texts) for name in export.columns])
    return text.getvalue()


def _cell(value: Any, *, is_text: bool) -> Any:
    """A value as a cell; a text that a spreadsheet would read as a formula is quoted.

    Of a list its words, with a blank between them; of objects in it their codes.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(each["code"] if isinstance(each, dict) else each for each in value)
    if is_text and isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
