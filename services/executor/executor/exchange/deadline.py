"""HTTP connections on which a whole request has one deadline, however slowly its answer drips.

A socket's own timeout begins again with each byte. Here everything that a request waits for, from the address of the
host to the last byte of the answer, is bounded by what is left until the deadline of the request.
"""

import io
import socket
import threading
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class Deadline:
    """The deadline of the request in progress; one request at a time."""

    def __init__(self) -> None:
        self._at_s = float("inf")

    def start(self, limit_s: float) -> None:
        """Begins a request that may take that long."""
        self._at_s = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Seconds until the deadline. Raises TimeoutError past it."""
        left_s = self._at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the request's time is over")
        return left_s


def connection_class(kind: type[HTTPConnection], deadline: Deadline) -> type[HTTPConnection]:
    """A class of connections like `kind` whose requests keep to the deadline.

    A proxy's own kind connects in its own way, with the timeout of the pool for each step.
    """
    response = type("BoundedResponse", (_BoundedResponse,), {"deadline": deadline})
    bounds: tuple[type, ...] = (_BoundedSending,)
    if kind in (HTTPConnection, HTTPSConnection):
        bounds = (_BoundedConnecting, _BoundedSending)
    return type("BoundedConnection", (*bounds, kind), {"deadline": deadline, "response_class": response})


class _BoundedReader(io.RawIOBase):
    """Reads a socket; before each read its timeout is what is left."""

    def __init__(self, source: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = source, deadline
        self._raw: Any = source.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.left_s())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    deadline: Deadline

    def __init__(self, source: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(source, *arguments, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedReader(source, self.deadline))


if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection as _Connection
else:
    # Mixins over a class of connections that is only known at run time.
    _Connection = object


class _BoundedSending(_Connection):
    deadline: Deadline

    def send(self, data: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.deadline.left_s())
        super().send(data)


class _BoundedConnecting(_Connection):
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        """A connection to the first of the host's addresses that takes one."""
        failure = OSError(f"{self.host} has no address")
        try:
            for family, address in self._addresses():
                try:
                    return self._connect_to(family, address)
                except TimeoutError:
                    raise
                except OSError as error:
                    failure = error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"no connection to {self.host} in time") from error
        except OSError as error:
            failure = error
        raise NewConnectionError(self, f"no connection: {failure}") from failure

    def _addresses(self) -> list[tuple[int, Any]]:
        """(family, address) of each. Resolving can't be interrupted: its thread is left behind past the deadline."""
        found: list[list[Any] | OSError] = []

        def resolve() -> None:
            try:
                found.append(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))
            except OSError as error:
                found.append(error)

        resolving = threading.Thread(target=resolve, name="resolve", daemon=True)
        resolving.start()
        resolving.join(self.deadline.left_s())
        if not found:
            raise TimeoutError
        if isinstance(found[0], OSError):
            raise found[0]
        return [(family, address) for family, _, _, _, address in found[0]]

    def _connect_to(self, family: int, address: Any) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or ():
                made.setsockopt(*option)
            made.settimeout(self.deadline.left_s())
            made.connect(address)
            # For the handshake of TLS, which keeps to its socket's timeout as a whole.
            made.settimeout(self.deadline.left_s())
        except BaseException:
            made.close()
            raise
        return made
