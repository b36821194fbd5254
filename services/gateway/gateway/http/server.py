"""The HTTP server of the public port: uvicorn, with bounds for clients that send slowly, read slowly, or come often."""

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.http.limits import in_networks

REQUEST_LIMIT_S = 10.0
"""From the first byte of a request, or from the connection, to its last byte."""
WRITE_LIMIT_S = 30.0
"""For as long may a client take nothing of an answer that it has asked for."""
MAX_HTTP_CONNECTIONS = 200
"""Of one address that is no known proxy. A browser opens six; sockets have a limit of their own."""
INCOMPLETE = (h11.IDLE, h11.SEND_BODY)
"""What h11 calls a peer of whose request headers or body are still to come."""


class Addresses:
    """How many HTTP connections each address has; those of proxies are not counted."""

    def __init__(self, proxies: str) -> None:
        self._proxies = proxies
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Counts a connection, unless the address has its most."""
        if in_networks(address, self._proxies):
            return True
        if self._open[address] >= MAX_HTTP_CONNECTIONS:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One connection that was counted is gone."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP protocol that ends a connection whose request isn't complete within `REQUEST_LIMIT_S`, whose
    client takes nothing for `WRITE_LIMIT_S`, or whose address has too many.

    uvicorn itself bounds only the pause between two requests: a client that sends half a request, or reads half an
    answer, would keep its connection for ever.
    """

    _limit: asyncio.TimerHandle | None = None
    _write_limit: asyncio.TimerHandle | None = None
    _address: str | None = None

    def __init__(self, addresses: Addresses, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._addresses = addresses

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_limit()
        address = (transport.get_extra_info("peername") or ("unknown",))[0]
        if self._addresses.enter(address):
            self._address = address
        else:
            transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_limit = self.loop.call_later(WRITE_LIMIT_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_write_limit()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        has_switched = self.transport.get_protocol() is not self  # To the WebSocket's, which has limits of its own.
        if has_switched:
            self._leave()
        if has_switched or self.conn.their_state not in INCOMPLETE or self.transport.is_closing():
            self._end_limit()
        elif self._limit is None:
            self._start_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_limit()
        self._end_write_limit()
        self._leave()
        super().connection_lost(exc)

    def _start_limit(self) -> None:
        self._limit = self.loop.call_later(REQUEST_LIMIT_S, self._expire)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _end_write_limit(self) -> None:
        if self._write_limit is not None:
            self._write_limit.cancel()
            self._write_limit = None

    def _leave(self) -> None:
        if self._address is not None:
            self._addresses.leave(self._address)
            self._address = None

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
        http=partial(BoundedHttp, Addresses(proxy_addresses)),  # type: ignore[arg-type]
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
