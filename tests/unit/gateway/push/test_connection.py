"""One connection: its frames keep their order while the transport is full, and only the first close counts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from gateway_server import serve
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from gateway.push.connection import Closed, Connection, close_socket
from gateway.push.frames import frame_socket


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Connection, ClientConnection]]:
    """A connection over a real socket, and its client's side."""
    made: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        connection = Connection(frame_socket(socket), epoch=0, now_s=0.0)
        made.set_result(connection)
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            return
        except asyncio.CancelledError:
            reason = connection.absorb_cancellation()
            if reason is None:
                raise
            await close_socket(socket, connection.transport, reason)

    async with serve(Starlette(routes=[WebSocketRoute("/ws", endpoint)])) as url:
        client = connect(url.replace("http", "ws", 1) + "/ws")
        async with client as socket:
            yield await made, socket


async def test_messages_wait_while_the_transport_is_full() -> None:
    async with connected() as (connection, socket):
        connection.client.enqueue('{"n":1}')
        connection.transport.is_full = True
        connection.flush(1.0)
        assert (len(connection.client.queue), connection.sent_s) == (1, 0.0)
        connection.client.enqueue('{"n":2}')
        connection.transport.is_full = False
        connection.flush(2.0)
        assert json.loads(await socket.recv()) == [{"n": 1}, {"n": 2}]
        assert connection.sent_s == 2.0


async def test_the_first_reason_closes_the_connection() -> None:
    async with connected() as (connection, socket):
        connection.close(Closed(1013, "too slow"))
        connection.close(Closed(1008, "another reason"))
        with pytest.raises(ConnectionClosedError):
            await socket.recv()
        assert (socket.close_code, socket.close_reason) == (1013, "too slow")
