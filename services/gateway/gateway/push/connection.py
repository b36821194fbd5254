"""One open WebSocket: its queue, its timestamps, and how it ends.

States: open (its task receives), full (the transport takes no more; messages wait in the client's queue until
`when_writable`), closing (`close` was called, or the peer left). Frames go out in order, in every state.
"""

import asyncio

from starlette.websockets import WebSocket

from gateway.push import metrics
from gateway.push.frames import FrameSocket, encode_frame
from gateway.push.hub import Client

CLOSE_LIMIT_S = 1.0


class Closed(Exception):
    """The gateway ends the connection, with a close code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Connection:
    """Created in the task that serves the WebSocket, which is also the one that closes it."""

    __slots__ = ("_task", "client", "closed", "epoch", "received_s", "sent_s", "transport")

    def __init__(self, transport: FrameSocket, epoch: int, now_s: float) -> None:
        self.transport, self.epoch = transport, epoch
        self.client = Client()
        self.closed: Closed | None = None
        self.received_s = self.sent_s = now_s
        self._task = asyncio.current_task()

    def flush(self, now_s: float) -> None:
        """Sends the queue as one frame, unless the transport is full or closing."""
        if self.client.queue and self.transport.is_writable and (text := self.client.drain()) is not None:
            self.sent_s = now_s
            self.transport.write_frame(encode_frame(text))

    def close(self, closed: Closed) -> None:
        """Called by any task: has the connection's own task close the socket, by cancelling its receiving. The first
        reason stays."""
        if self.closed is None and self._task is not None:
            self.closed = closed
            self._task.cancel()

    def absorb_cancellation(self) -> Closed | None:
        """Called by the connection's own task when it was cancelled: the reason if `close` did it, else None."""
        if self.closed is not None and self._task is not None:
            self._task.uncancel()
        return self.closed


async def close_socket(socket: WebSocket, transport: FrameSocket, closed: Closed) -> None:
    """Closes with code and reason; a transport that takes nothing any more is aborted instead."""
    metrics.CLOSED.labels(str(closed.code)).inc()
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await socket.close(closed.code, closed.reason)
    except TimeoutError:
        transport.abort()
    except (RuntimeError, OSError):
        return
