"""One WebSocket frame for all clients, written to each socket at once: no encoding and no task per client."""

from collections.abc import Callable
from functools import lru_cache

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

EXTENSION = "aicoin.frames"


@lru_cache(maxsize=16)
def framed(text: str) -> bytes:
    """A text as every client gets it: frames of a server are not masked, and ours not compressed."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class FrameSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket that takes ready-made frames too; the app finds it by `frame_socket`.

    `when_open` is called whenever the socket takes frames again.
    """

    is_full = False
    when_open: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"] = (self.scope["extensions"] or {}) | {EXTENSION: {"socket": self}}

    @property
    def is_open(self) -> bool:
        """False while the transport holds as much as it wants to, and for good once the end has begun."""
        return not (self.is_full or self.close_sent or self.transport.is_closing())

    def write_frame(self, frame: bytes) -> None:
        """Sends a whole frame of an uncompressed connection. Only while it is open."""
        self.transport.write(frame)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_full = False
        if self.when_open is not None:
            self.when_open()

    def abort(self) -> None:
        """Ends the connection without waiting for what the client still has to read."""
        self.transport.abort()


def frame_socket(socket: WebSocket) -> FrameSocket:
    """The protocol under a WebSocket. Raises RuntimeError under a server that does not use it."""
    found = socket.scope["extensions"].get(EXTENSION, {}).get("socket")
    if not isinstance(found, FrameSocket):
        raise RuntimeError("the gateway's WebSocket needs uvicorn with ws=FrameSocket")
    return found
