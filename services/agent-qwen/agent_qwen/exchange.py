"""One HTTP exchange of the SDK, bounded: sent once, no redirect, no compression, a body of bounded length."""

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
    would send the request a second time, which the provider may bill twice.
    """

    def __init__(self, base_url_setting: str) -> None:
        self._base_url_setting = base_url_setting
        self.status: int | None = None
        self.body = b""

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        """Sends the request and reads the whole answer. Raises CallFailed."""
        request.headers["Accept-Encoding"] = "identity"
        try:
            response = await handler(request)
            try:
                self.body = await self._read(response)
            except BaseException:
                response.close()
                raise
        except (aiohttp.ClientError, OSError) as error:
            was_connected = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            raise connection_failure(error, self._base_url_setting, was_connected=was_connected) from error
        self.status = response.status
        return response

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status in REDIRECTS:
            raise redirect_failure(response.status, response.headers.get("Location"), self._base_url_setting)
        refuse_encoded(response.headers.get("Content-Encoding"))
        body = await response.read()
        check_values(body)
        return body
