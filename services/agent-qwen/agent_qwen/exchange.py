"""One HTTP exchange of the SDK, bounded: sent once, no redirect, no compression, a body of bounded length."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import ClientHandlerType

from common.agent.providers.answer_body import check_values, read_bounded, refuse_encoded
from common.agent.providers.failures import REDIRECTS, connection_failure, redirect_failure


class BoundedResponse(aiohttp.ClientResponse):
    """A response whose body is read up to a bound, and whose JSON is UTF-8, as RFC 8259 says."""

    async def read(self) -> bytes:
        """The whole body. Raises CallFailed when it is too long."""
        if self._body is None:
            try:
                self._body = await read_bounded(self._chunks())
            except BaseException:
                self.close()
                raise
        return self._body

    def get_encoding(self) -> str:
        return "utf-8"

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self.content.iter_any():
            yield chunk


class Exchange:
    """The middleware of one call's session; `status` and `body` are what came, for when the SDK can't read it.

    Whatever goes wrong is raised as CallFailed, which the SDK passes on: from aiohttp's own errors of a connection it
    would send the request a second time, which the provider may bill twice. The SDK has no limit of its own for the
    making of a connection: `trace`, which belongs to the same session, reports when there is one.
    """

    def __init__(self, base_url_setting: str, *, connect_limit_s: float) -> None:
        self._base_url_setting, self._connect_limit_s = base_url_setting, connect_limit_s
        self._connecting: asyncio.Timeout | None = None
        self._is_connected = False
        self.trace = aiohttp.TraceConfig()
        self.trace.on_connection_create_end.append(self._note_connection)
        self.trace.on_connection_reuseconn.append(self._note_connection)
        self.status: int | None = None
        self.body = b""

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        """Sends the request and reads the whole answer. Raises CallFailed."""
        request.headers["Accept-Encoding"] = "identity"
        try:
            async with asyncio.timeout(self._connect_limit_s) as self._connecting:
                response = await handler(request)
            try:
                self.body = await self._read(response)
            except BaseException:
                response.close()
                raise
        except (aiohttp.ClientError, OSError) as error:
            raise connection_failure(error, self._base_url_setting, was_connected=self._is_connected) from error
        self.status = response.status
        return response

    async def _note_connection(self, *_: object) -> None:
        """Ends the limit for the connection; what follows is bounded by the caller's deadline."""
        self._is_connected = True
        if self._connecting is not None and not self._connecting.expired():
            self._connecting.reschedule(None)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status in REDIRECTS:
            raise redirect_failure(response.status, response.headers.get("Location"), self._base_url_setting)
        refuse_encoded(response.headers.get("Content-Encoding"))
        body = await response.read()
        check_values(body)
        return body
