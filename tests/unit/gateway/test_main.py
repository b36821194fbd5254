"""The gateway's public socket."""

import asyncio
import contextlib
import socket
from typing import Any

import uvicorn
from harness import eventually

from gateway.main import listen


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def test_accepted_connections_have_nodelay() -> None:
    """Without TCP_NODELAY a small frame may wait 40 ms for the acknowledgment of the one before."""
    bound = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(answer, lifespan="off", log_level="critical"))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve([bound]))
    await eventually("the server", lambda: server.started)
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    (connection,) = server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    writer.close()
    server.should_exit = True
    await serving
    bound.close()
