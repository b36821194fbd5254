"""The servers that bench/fanout.py compares, each a process of its own: it prints its port, then obeys lines on stdin.

burst FRAMES UPDATES BYTES   sends that many frames of so many updates each to all, prints the seconds it took
follow                       from now on sends what comes on ws.push
memory                       prints the resident size in bytes
"""

import asyncio
import contextlib
import json
import sys
import time
from types import SimpleNamespace
from typing import Any, ClassVar

import psutil
import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from common.bus.redis_streams import connect
from common.runtime.clock import SystemClock
from common.runtime.garbage_collection import tune_gc
from gateway.config import GatewaySettings
from gateway.push.connections import MAX_MESSAGE_BYTES, ConnectionManager
from gateway.push.frames import FrameSocket
from gateway.push.hub import Hub
from gateway.push.latency import PushLatency
from gateway.push.market_clock import MarketClock
from gateway.push.tail import Tail

CHANNEL = "ai_decision"
Json = dict[str, Any]


def update(number: int, size: int) -> Json:
    """One update's data; as a message it has about `size` bytes."""
    return {"number": f"{number:012}", "pad": "x" * max(0, size - 110)}


class ObservedSocket(FrameSocket):
    """The gateway's socket that records which are full: polling all of them after every frame would be measured too."""

    full: ClassVar[set[FrameSocket]] = set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.full.add(self)

    def resume_writing(self) -> None:
        self.full.discard(self)
        super().resume_writing()


class Gateway:
    """The gateway's hub and connections, behind uvicorn as the gateway runs it."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        settings = GatewaySettings(
            metrics_port=0, database_url="postgresql://unused", max_connections_per_address=10_000
        )
        self.service: Any = SimpleNamespace(
            clock=SystemClock(), settings=settings, log=structlog.get_logger(), set_ready=lambda *_: None
        )
        self.hub = Hub()
        self.clock = MarketClock(self.service.clock)
        self.connections = ConnectionManager(self.hub, None, self.service, settings, self.clock)  # type: ignore[arg-type]
        self.app: Any = Starlette(routes=[WebSocketRoute("/ws", self.connections.serve)])
        self.number = 0

    async def burst(self, frames: int, updates: int, size: int) -> None:
        for _ in range(frames):
            for _ in range(updates):
                self.number += 1
                self.hub.accept(CHANNEL, self.number, 0, self.number, update(self.number, size))
            self.connections.flush()
            await asyncio.sleep(0)
            while ObservedSocket.full:
                await next(iter(ObservedSocket.full)).writable.wait()

    async def follow(self) -> None:
        tail = Tail(self.service, self.hub, self.redis_url, PushLatency(), self.clock, self.connections.flush)
        await asyncio.gather(tail.run(), self.connections.tick())


class Bare:
    """Nothing but uvicorn's socket: a set of connections, each sent to in turn."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.sends: set[Any] = set()
        self.number = 0

    async def app(self, scope: Json, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": '{"channel":"pong"}'})
        self.sends.discard(send)

    async def broadcast(self, text: str) -> None:
        for send in tuple(self.sends):
            with contextlib.suppress(OSError):
                await send({"type": "websocket.send", "text": text})

    async def burst(self, frames: int, updates: int, size: int) -> None:
        for _ in range(frames):
            self.number += 1
            body = {"channel": CHANNEL, "seq": self.number, "time_ms": self.number, "data": update(self.number, size)}
            await self.broadcast(json.dumps(body, separators=(",", ":")))
            await asyncio.sleep(0)

    async def follow(self) -> None:
        redis = connect(self.redis_url, reply_limit_s=7)
        after = "$"
        while True:
            reply = await redis.xread({"ws.push": after}, block=2_000)
            for entries in reply.values() if isinstance(reply, dict) else [page for _, page in reply]:
                for entry_id, fields in entries[0] if isinstance(entries[0], list) else entries:
                    after = entry_id
                    body = json.loads(fields[b"event"])
                    body = {"channel": CHANNEL, "seq": 1, "time_ms": 1, "data": body["data"]["data"]}
                    await self.broadcast(json.dumps(body, separators=(",", ":")))


async def main() -> None:
    kind, redis_url = sys.argv[1:3]
    server: Gateway | Bare = Gateway(redis_url) if kind == "gateway" else Bare(redis_url)
    config = uvicorn.Config(
        server.app,
        port=0,
        interface="asgi3",
        ws=ObservedSocket if kind == "gateway" else "websockets-sansio",
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws_per_message_deflate=False,
        ws_max_size=2 * MAX_MESSAGE_BYTES,
    )
    running = uvicorn.Server(config)
    serving = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(running.servers[0].sockets[0].getsockname()[1], flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    following = None
    while words := (await lines.readline()).decode().split():
        if words[0] == "burst":
            started = time.perf_counter()
            await server.burst(*(int(word) for word in words[1:]))
            print(time.perf_counter() - started, flush=True)
        elif words[0] == "follow":
            following = asyncio.create_task(server.follow())
            print("following", flush=True)
        elif words[0] == "memory":
            print(psutil.Process().memory_info().rss, flush=True)
    if following is not None:
        following.cancel()
    running.should_exit = True
    await serving


if __name__ == "__main__":
    tune_gc()
    uvloop.run(main())
