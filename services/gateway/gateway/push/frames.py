"""One WebSocket frame for all clients, written to each socket at once: no encoding and no task per client."""

from collections.abc import Callable
from functools import lru_cache

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

EXTENSION = "aicoin.frames"


@lru_cache(maxsize=16)
def encode_frame(text: str) -> bytes:
    """A text frame as every client gets it: a server's frames are not masked, and these are not compressed."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class FrameSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol that also writes ready-made frames; the app gets it from `frame_socket`.

    `when_writable` is called when the transport's buffer has drained after it was full.
    """

    is_full = False
    when_writable: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"] = (self.scope["extensions"] or {}) | {EXTENSION: {"socket": self}}

    @property
    def is_writable(self) -> bool:
        """False while the transport's buffer is full, and for good once the connection is closing."""
        return not (self.is_full or self.close_sent or self.transport.is_closing())

    def write_frame(self, frame: bytes) -> None:
        """Sends a whole frame of an uncompressed connection. Only while it is writable."""
        self.transport.write(frame)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_full = False
        if self.when_writable is not None:
            self.when_writable()

    def abort(self) -> None:
        """Ends the connection and discards what the client has not read."""
        self.transport.abort()


def frame_socket(socket: WebSocket) -> FrameSocket:
    """The protocol under a WebSocket. Raises RuntimeError under a server that was not given this class."""
    found = socket.scope["extensions"].get(EXTENSION, {}).get("socket")
    if not isinstance(found, FrameSocket):
        raise RuntimeError("the gateway's WebSocket needs uvicorn with ws=FrameSocket")
    return found
