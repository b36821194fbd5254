"""The gateway's fan-out against a bare uvicorn websockets-sansio server and a Go gorilla server.

Run: make bench NAME=fanout. Frames and updates a second, from XADD to the client at 20 frames a second, what stalled
clients cost the others, and memory per idle client. Each server is a process of its own, this one is the clients; only
the ratios within one run mean something. Go is skipped when it isn't there (Debian: golang,
golang-github-gorilla-websocket-dev).
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from report import Race, write_json

from common.bus import Commit
from common.bus.redis_streams import RedisBus
from common.events import WsPush, originate
from common.events.push import Channel

HERE = Path(__file__).parent
GO_PATH = Path("/usr/share/gocode")
UPDATE_BYTES = 500
PONG = b'{"channel":"pong"}'
REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def masked(text: bytes) -> bytes:
    """A client's text frame; masked with zeros, which changes nothing."""
    head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else b"\x81\xfe" + struct.pack("!H", len(text))
    return head + b"\0\0\0\0" + text


class Client(asyncio.Protocol):
    """Connects, subscribes, waits for the pong that answers its ping, then counts frames and notes their ages."""

    def __init__(self, *, is_gateway: bool, is_stamped: bool) -> None:
        self.is_gateway, self.is_stamped = is_gateway, is_stamped
        self.ready = asyncio.get_running_loop().create_future()
        self.received, self.goal = 0, 0
        self.reached: asyncio.Future[None] | None = None
        self.ages_ms: list[float] = []
        self._head = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self._greet(data)
            return
        self.received += len(data)
        if self.is_stamped:
            at = data.rfind(b'"stamp":')
            if at >= 0:
                self.ages_ms.append((time.time_ns() - int(data[at + 8 : at + 27])) / 1e6)
        if self.reached is not None and self.received >= self.goal and not self.reached.done():
            self.reached.set_result(None)

    def _greet(self, data: bytes) -> None:
        before, self._head = self._head, self._head + data
        if PONG in self._head:
            self.ready.set_result(None)
        elif self.is_gateway and b'"epoch"' in self._head and b'"epoch"' not in before:
            epoch = int(self._head[self._head.rindex(b":") + 1 : self._head.rindex(b"}")])
            wanted = {
                "op": "subscribe",
                "channels": ["ai_decision"],
                "epoch": epoch,
                "since": {"ai_decision": SINCE[0]},
            }
            self.transport.write(masked(json.dumps(wanted).encode()) + masked(b'{"op":"ping"}'))
        elif not self.is_gateway and b"\r\n\r\n" in self._head and b"\r\n\r\n" not in before:
            self.transport.write(masked(b"hello"))

    def expect(self, size: int) -> asyncio.Future[None]:
        self.received, self.goal = 0, size
        self.reached = asyncio.get_running_loop().create_future()
        return self.reached


SINCE = [0]
"""The last number of ai_decision before the clients came: with it they need no snapshot."""


def subscription(epoch: int) -> bytes:
    wanted = {"op": "subscribe", "channels": ["ai_decision"], "epoch": epoch, "since": {"ai_decision": SINCE[0]}}
    return json.dumps(wanted).encode()


class Server:
    """One server process."""

    def __init__(self, kind: str, process: asyncio.subprocess.Process, port: int) -> None:
        self.kind, self._process, self.port = kind, process, port

    async def ask(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{line}\n".encode())
        return (await self._process.stdout.readline()).decode().strip()

    async def connect(self, count: int, *, is_stamped: bool = False) -> list[Client]:
        loop, clients = asyncio.get_running_loop(), []
        for _ in range(count):
            _, client = await loop.create_connection(
                lambda: Client(is_gateway=self.kind == "gateway", is_stamped=is_stamped), "127.0.0.1", self.port
            )
            async with asyncio.timeout(10):
                await client.ready
            clients.append(client)
        return clients

    def stall(self, count: int) -> list[socket.socket]:
        """Clients that subscribe and then never read."""
        sockets = []
        for _ in range(count):
            stalled = socket.socket()
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            stalled.connect(("127.0.0.1", self.port))
            stalled.sendall(REQUEST)
            stalled.settimeout(5)
            head = b""
            while b"epoch" not in head if self.kind == "gateway" else b"\r\n\r\n" not in head:
                head += stalled.recv(4_096)
            if self.kind == "gateway":
                epoch = int(head[head.rindex(b":") + 1 : head.rindex(b"}")])
                stalled.sendall(masked(subscription(epoch)))
            else:
                stalled.sendall(masked(b"hello"))
            sockets.append(stalled)
        return sockets


class Bench:
    """Starts servers and measures them, one at a time."""

    def __init__(self, redis_url: str, go_server: str | None) -> None:
        self.redis_url, self.go_server = redis_url, go_server

    @asynccontextmanager
    async def server(self, kind: str) -> AsyncIterator[Server]:
        command = [sys.executable, str(HERE / "fanout_servers.py"), kind, self.redis_url]
        if kind == "go":
            assert self.go_server
            command = [self.go_server]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        assert process.stdout
        try:
            yield Server(kind, process, int(await process.stdout.readline()))
        finally:
            process.kill()
            await process.wait()

    async def rate(self, kind: str, clients: int, frames: int, updates: int = 1) -> float:
        """Updates a second that all clients together received."""
        SINCE[0] = 0
        async with self.server(kind) as server:
            connected = await server.connect(clients)
            size = frame_bytes(kind, frames, updates)
            reached = [client.expect(size) for client in connected]
            started = time.perf_counter()
            await server.ask(f"burst {frames} {updates} {UPDATE_BYTES}")
            async with asyncio.timeout(120):
                await asyncio.gather(*reached)
            return clients * frames * updates / (time.perf_counter() - started)

    async def latency(self, kind: str, clients: int, seconds: float, stalled: int = 0) -> float:
        """The 99th percentile from before XADD to the client's reading, ms, at 20 frames a second."""
        bus = RedisBus(self.redis_url)
        await bus.prepare("none", ())
        await bus.client.delete("ws.push")
        await self._push(bus, 0)
        SINCE[0] = int(await bus.client.hget("bus:seq:ws.push", "channel:ai_decision") or 0)
        async with self.server(kind) as server:
            await server.ask("follow")
            await asyncio.sleep(0.5)
            held = server.stall(stalled)
            connected = await server.connect(clients, is_stamped=True)
            started = time.perf_counter()
            for number in range(1, int(seconds * 20) + 1):
                await asyncio.sleep(max(0.0, started + number / 20 - time.perf_counter()))
                await self._push(bus, number)
            await asyncio.sleep(1.0)
            for each in held:
                each.close()
            ages = sorted(age for client in connected for age in client.ages_ms)
        await bus.close()
        assert len(ages) > 0.5 * clients * seconds * 20, f"{kind}: only {len(ages)} frames came"
        return ages[int(0.99 * len(ages))]

    async def _push(self, bus: RedisBus, number: int) -> None:
        stamp = time.time_ns()
        data = {"stamp": stamp, "pad": "x" * (UPDATE_BYTES - 100)}
        event = originate(
            WsPush(channel=Channel.AI_DECISION, data=data), keys=(stamp, number), time_ms=number, now_ms=number
        )
        await bus.commit(Commit("recorder", events=[event]))

    async def memory(self, kind: str, clients: int) -> float:
        """KiB per idle client."""
        SINCE[0] = 0
        async with self.server(kind) as server:
            first = await server.connect(10)
            before = int(await server.ask("memory"))
            more = await server.connect(clients)
            after = int(await server.ask("memory"))
            assert first
            assert more
            return (after - before) / clients / 1024


def frame_bytes(kind: str, frames: int, updates: int) -> int:
    """How much each client receives: counted, so that the clients need not parse."""
    from fanout_servers import CHANNEL, update

    total = 0
    for frame in range(frames):
        size = 0
        for each in range(updates):
            number = frame * updates + each + 1
            data = update(number, UPDATE_BYTES)
            body = {"channel": CHANNEL, "seq": number, "time_ms": number, "data": data}
            size += len(json.dumps(body, separators=(",", ":")))
        size += updates + 1 if updates > 1 else 0
        total += size + (2 if size < 126 else 4 if size < 65_536 else 10)
    return total


def build_go(folder: str) -> str | None:
    """The Go server, built from Debian's packages; None without them."""
    if shutil.which("go") is None or not (GO_PATH / "src/github.com/gorilla/websocket").is_dir():
        print("Go or gorilla/websocket is not installed: skipped")
        return None
    built = Path(folder) / "fanout_go"
    environment = dict(os.environ) | {"GOPATH": str(GO_PATH), "GO111MODULE": "off", "GOCACHE": f"{folder}/cache"}
    subprocess.run(["go", "build", "-o", str(built), "main.go"], cwd=HERE / "fanout_go", env=environment, check=True)
    return str(built)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", required=True, help="an empty Redis of your own; it is flushed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=100_000, help="frames of all clients together, per turn")
    parser.add_argument("--seconds", type=float, default=5, help="of each latency turn")
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aicoin-go-") as folder:
        bench = Bench(options.redis_url, build_go(folder))
        await run(bench, options)


async def run(bench: Bench, options: Any) -> None:
    races, rows = [], []
    for clients in (100, 1_000):
        frames = max(1, options.frames // clients)
        race = Race(f"Fan-out to {clients:,} clients, one update of {UPDATE_BYTES} bytes a frame", "frames/s")
        candidates = {
            "aicoin": lambda c=clients, f=frames: bench.rate("gateway", c, f),
            "bare uvicorn": lambda c=clients, f=frames: bench.rate("bare", c, f),
        }
        updates = Race(f"Fan-out to {clients:,} clients, 8 updates a frame", "updates/s")
        many = {
            "aicoin, 8 a frame": lambda c=clients, f=frames: bench.rate("gateway", c, f, 8),
            "aicoin, one a frame": lambda c=clients, f=frames: bench.rate("gateway", c, f),
        }
        if bench.go_server:
            many["Go gorilla, one a frame"] = lambda c=clients, f=frames: bench.rate("go", c, 4 * f)
        await race.run(candidates, options.rounds)
        await updates.run(many, options.rounds)
        rows += race.print("aicoin", {"bare uvicorn": 0.9})
        goals = {"aicoin, one a frame": 5.0} | ({"Go gorilla, one a frame": 1.0} if bench.go_server else {})
        rows += updates.print("aicoin, 8 a frame", goals)
        races += [race, updates]
    latency = Race("From XADD to 1,000 clients at 20 frames/s, p99", "ms", higher_is_better=False)
    candidates = {
        "aicoin": lambda: bench.latency("gateway", 1_000, options.seconds),
        "bare uvicorn": lambda: bench.latency("bare", 1_000, options.seconds),
        "aicoin, 100 more stalled": lambda: bench.latency("gateway", 1_000, options.seconds, stalled=100),
    }
    await latency.run(candidates, options.rounds)
    rows += latency.print("aicoin", {"bare uvicorn": 1.1})
    rows += latency.print("aicoin, 100 more stalled", {"aicoin": 1.1})
    memory = Race("Memory per idle client, of 1,000", "KiB", higher_is_better=False)
    await memory.run(
        {"aicoin": lambda: bench.memory("gateway", 1_000), "bare uvicorn": lambda: bench.memory("bare", 1_000)},
        min(3, options.rounds),
    )
    memory.print("aicoin", {})
    print(f"  goal ≤ 60 KiB: {'met' if memory.median('aicoin') <= 60 else 'MISSED'}")
    write_json(options.json, [*races, latency, memory], rows)


if __name__ == "__main__":
    uvloop.run(main())
