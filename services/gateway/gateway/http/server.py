"""The HTTP server of the public port: uvicorn, with bounds for clients that send a request slowly or never."""

import asyncio

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_LIMIT_S = 10.0
"""From the first byte of a request, or from the connection, to its last byte."""
INCOMPLETE = (h11.IDLE, h11.SEND_BODY)
"""What h11 calls a peer of whose request headers or body are still to come."""


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP protocol that ends a connection whose request isn't complete within `REQUEST_LIMIT_S`.

    uvicorn itself bounds only the pause between two requests: a client that sends half a request would keep its
    connection for ever.
    """

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_limit()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        has_switched = self.transport.get_protocol() is not self  # To the WebSocket's, which has limits of its own.
        if has_switched or self.conn.their_state not in INCOMPLETE or self.transport.is_closing():
            self._end_limit()
        elif self._limit is None:
            self._start_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_limit()
        super().connection_lost(exc)

    def _start_limit(self) -> None:
        self._limit = self.loop.call_later(REQUEST_LIMIT_S, self._expire)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _expire(self) -> None:
        self._limit = None
        self.transport.abort()


def server_config(
    app: ASGIApp, *, ws: type[asyncio.Protocol], max_message_bytes: int, proxy_addresses: str
) -> uvicorn.Config:
    """How the gateway runs uvicorn. `proxy_addresses` is a comma list of addresses and networks.

    Only a request that comes from one of them is taken for that of the client which X-Forwarded-For names.
    """
    return uvicorn.Config(
        app,
        http=BoundedHttp,
        ws=ws,
        log_config=None,
        log_level="error",
        access_log=False,
        lifespan="off",
        proxy_headers=bool(proxy_addresses),
        forwarded_allow_ips=proxy_addresses,
        ws_per_message_deflate=False,
        ws_max_size=2 * max_message_bytes,
    )
