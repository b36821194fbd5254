"""The two listeners of a simulator in an arena: the arena's own services have one, guests the other.

Guests are whatever else trades here: people's bots, other clients, tests. Both see the same exchange, and each network
address has a whole budget on either listener. What guests do costs the services little, whatever they do:

- one guest's request is answered per turn of the event loop, so that services' requests wait for one at most;
- a guest that is refused for its budget is answered after a pause, so that asking again without end costs nothing;
- guests have a limited number of connections; one more is closed at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

GUESTS: Final = "guests"
SERVICES: Final = "services"
LISTENER: Final = "simulator.listener"
MAX_GUEST_CONNECTIONS: Final = 200
REFUSAL_PAUSE_S: Final = 0.25
MAX_OTHER_REQUESTS: Final = 8
BUDGETED: Final = ("/info", "/exchange")
"""Paths whose requests have a budget, and take turns; of guests' others, MAX_OTHER_REQUESTS run at once."""


def sender_of(connection: HTTPConnection) -> str:
    """Whose budget a request or a socket uses: its network address, on a listener apart with that listener's name."""
    host = connection.client.host if connection.client else "unknown"
    listener = connection.scope.get(LISTENER)
    return host if listener is None else f"{listener}/{host}"


def is_guest(sender: str) -> bool:
    """Whether a sender has come by the guests' listener."""
    return sender.startswith(f"{GUESTS}/")


class Listener:
    """Passes requests on to `app` with the name of the listener that received them."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app, self._name = app, name
        self._others = asyncio.Semaphore(MAX_OTHER_REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = dict(scope) | {LISTENER: self._name}
        is_limited = self._name == GUESTS and scope["type"] == "http" and scope["path"] not in BUDGETED
        if not is_limited:
            await self._app(scope, receive, send)
            return
        async with self._others:
            await self._app(scope, receive, send)


class Turns:
    """Lets guests' requests be answered one after the other; all others are answered when they have been read.

    A request is answered without awaiting. The lock passes to the next guest in the event loop's next turn, after
    whatever the services have sent in the meantime.
    """

    def __init__(self) -> None:
        self._guests = asyncio.Lock()

    @asynccontextmanager
    async def of(self, sender: str) -> AsyncIterator[None]:
        if not is_guest(sender):
            yield
            return
        async with self._guests:
            yield


async def pause_before_refusal(sender: str) -> None:
    """Slows down guests that ask on although they are refused."""
    if is_guest(sender):
        await asyncio.sleep(REFUSAL_PAUSE_S)


class GuestProtocol(H11Protocol):
    """A guest's connection; the one above the limit is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_GUEST_CONNECTIONS:
            transport.close()
