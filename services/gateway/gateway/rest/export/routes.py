"""The routes of the files. Few are sent at once, and few of their pages read at once: the page's own reads go on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.http.auth import client_address
from gateway.http.limits import Shares
from gateway.http.parameters import RosterParameters
from gateway.rest.export.archive import archive_parts
from gateway.rest.export.csv_file import csv_pages
from gateway.rest.export.tables import EXPORTS
from gateway.storage.queries import Queries

MAX_EXPORTS, MAX_EXPORTS_PER_ADDRESS = 12, 3
MAX_READS = 2
ARCHIVE = "archive"


class Exports:
    """GET export/{name}.csv and export/archive.zip, of one model or, without a parameter, of all."""

    def __init__(self, parameters: RosterParameters, queries: Queries) -> None:
        self._parameters, self._queries = parameters, queries
        self._shares = Shares(MAX_EXPORTS, MAX_EXPORTS_PER_ADDRESS)
        self._reading = asyncio.Semaphore(MAX_READS)

    async def csv(self, name: str, request: Request) -> Response:
        """One file. Raises ApiError, or what the store raises before the first row."""
        model = self._parameters.model_filter(request.query_params)
        parts = csv_pages(EXPORTS[name], model, self._queries, reading=self._reading)
        return await self._download(request, parts, f"{name}{_of(model)}.csv", "text/csv; charset=utf-8")

    async def archive(self, request: Request, now_ms: int) -> Response:
        """All files with their hashes. Raises as `csv` does."""
        model = self._parameters.model_filter(request.query_params)
        parts = archive_parts(model, self._queries, now_ms, reading=self._reading)
        return await self._download(request, parts, f"{ARCHIVE}{_of(model)}.zip", "application/zip")

    async def _download(self, request: Request, parts: AsyncIterator[Any], file: str, media_type: str) -> Response:
        give_back = self._shares.take(client_address(request))
        try:
            first = await anext(parts)
        except BaseException:
            give_back()
            raise

        async def body() -> AsyncIterator[Any]:
            yield first
            async for part in parts:
                yield part

        headers = {"Content-Disposition": f'attachment; filename="aicoin-{file}"', "Cache-Control": "no-store"}
        return _Download(body(), give_back, media_type=media_type, headers=headers)


class _Download(StreamingResponse):
    """Calls `give_back` once the file is sent, or its client gone."""

    def __init__(self, body: AsyncIterator[Any], give_back: Callable[[], None], **arguments: Any) -> None:
        super().__init__(body, **arguments)
        self._give_back = give_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._give_back()


def _of(model: str | None) -> str:
    return f"-{model}" if model else ""
