"""The WebSocket over real sockets: the limits of a public endpoint, and slow clients that delay no other."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from harness import eventually
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from gateway.config import GatewaySettings
from gateway.push.connections import HEARTBEAT_S, SILENCE_LIMIT_S, ConnectionManager
from gateway.push.frames import FrameSocket
from gateway.push.hub import QUEUE_LIMIT, Hub
from gateway.push.market_clock import MarketClock

GATHERED = 300
SUBSCRIBE = {"op": "subscribe", "channels": ["ai_decision"], "epoch": 0, "since": {"ai_decision": 0}}


class ManualClock:
    """Its monotonic time is set by the test; sleeping takes one turn of the event loop."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class ConnectionHarness:
    """Connections behind a real server; the test takes the place of the tail and sets the clock."""

    def __init__(self) -> None:
        self.clock, self.hub = ManualClock(), Hub()
        settings = GatewaySettings(
            metrics_port=0,
            database_url="postgresql://unused",
            allowed_origins="https://friend.example",
            max_connections_per_address=3,
        )
        service: Any = SimpleNamespace(clock=self.clock, settings=settings)
        self.market_clock = MarketClock(self.clock)
        self.connections = ConnectionManager(self.hub, None, service, settings, self.market_clock)  # type: ignore[arg-type]
        self.app = Starlette(routes=[WebSocketRoute("/ws", self.connections.serve)])
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, port=0, lifespan="off", log_level="critical", ws=FrameSocket)
        )
        self.port, self.seq = 0, 0

    def connect(self, **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/ws", **options)

    async def subscribed(self, client: ClientConnection) -> ClientConnection:
        assert json.loads(await client.recv())["channel"] == "hello"
        await client.send(json.dumps(SUBSCRIBE))
        await client.send('{"op":"ping"}')
        assert json.loads(await client.recv()) == {"channel": "pong"}
        return client

    def push(self, size: int = 10) -> None:
        self.seq += 1
        self.hub.accept("ai_decision", self.seq, 0, self.seq, {"pad": "x" * size})


@pytest.fixture
async def harness() -> AsyncIterator[ConnectionHarness]:
    harness = ConnectionHarness()
    serving = asyncio.create_task(harness.server.serve())
    await eventually("the server", lambda: harness.server.started)
    harness.port = harness.server.servers[0].sockets[0].getsockname()[1]
    yield harness
    harness.server.should_exit = True
    await serving


async def closing(client: ClientConnection) -> tuple[int, str]:
    """Code and reason with which the server ends the connection."""
    async with asyncio.timeout(60):
        with suppress(ConnectionClosedError):
            async for _ in client:
                pass
        await client.wait_closed()
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


async def test_pushes_go_out_at_once_and_several_as_one_array(harness: ConnectionHarness) -> None:
    async with harness.connect() as client:
        await harness.subscribed(client)
        harness.push()
        harness.connections.flush()
        assert json.loads(await client.recv())["seq"] == 1
        harness.push()
        harness.push()
        harness.connections.flush()
        assert [message["seq"] for message in json.loads(await client.recv())] == [2, 3]


async def test_prices_go_out_at_once_then_at_the_push_interval(harness: ConnectionHarness) -> None:
    def price(seq: int, value: str) -> None:
        harness.hub.accept("price_update", seq, 0, seq, {"prices": {"BTC": {"price": value}}})

    async with harness.connect() as client:
        await client.recv()
        harness.hub.accept("price_update", 1, 0, 1, {"prices": {}})
        await client.send(
            json.dumps({"op": "subscribe", "channels": ["ai_decision"], "epoch": 0, "since": {"ai_decision": 0}})
        )
        await client.send('{"op":"ping"}')
        await client.recv()
        next(iter(harness.hub.clients)).channels.add("price_update")
        for seq, value in ((2, "1"), (3, "2"), (4, "3")):
            price(seq, value)
            harness.connections.flush()
        harness.clock.now_s += 0.2
        harness.connections.flush()
        first, second = json.loads(await client.recv()), json.loads(await client.recv())
        assert (first["seq"], first["data"]["prices"]["BTC"]["price"]) == (2, "1")
        assert (second["seq"], second["data"]["prices"]["BTC"]["price"]) == (4, "3")


@asynccontextmanager
async def stalled(harness: ConnectionHarness) -> AsyncIterator[socket.socket]:
    """A client that subscribes and does not read on."""
    request = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    body, loop = json.dumps(SUBSCRIBE).encode(), asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", harness.port))
        await loop.sock_sendall(raw, request)
        greeting = b""
        while b"epoch" not in greeting:
            greeting += await loop.sock_recv(raw, 4_096)
        await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(body)]) + b"\0\0\0\0" + body)
        await eventually("a subscription", lambda: any(client.channels for client in harness.hub.clients))
        yield raw


async def frames_until(raw: socket.socket, last_seq: int) -> AsyncIterator[list[int]]:
    """The sequence numbers of each frame that waits for a stalled client, up to one number."""
    loop, data, seqs = asyncio.get_running_loop(), b"", [0]
    while seqs[-1] < last_seq:
        async with asyncio.timeout(60):
            data += await loop.sock_recv(raw, 1_000_000)
        while len(data) >= 10:
            size, head = data[1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(data[2:head], "big")
            if len(data) < head + size:
                break
            body, data = json.loads(data[head : head + size]), data[head + size :]
            seqs = [message["seq"] for message in (body if isinstance(body, list) else [body])]
            yield seqs


async def test_a_stalled_client_delays_no_other_and_is_closed(harness: ConnectionHarness) -> None:
    async with stalled(harness), harness.connect() as client:
        await harness.subscribed(client)
        count = 0
        while all(connection.closed is None for connection in harness.connections.connections):
            harness.push(size=20_000)
            harness.connections.flush()
            count += 1
            assert json.loads(await asyncio.wait_for(client.recv(), 60))["seq"] == count
            assert count < 3 * QUEUE_LIMIT
        assert count > QUEUE_LIMIT
        await eventually("one connection", lambda: len(harness.connections.connections) == 1)
        connections = harness.server.server_state.connections
        await eventually("the other to be cut off before it reads", lambda: len(connections) == 1)


async def test_a_client_that_reads_again_gets_its_queue_in_order(harness: ConnectionHarness) -> None:
    async with stalled(harness) as raw, harness.connect() as client:
        await harness.subscribed(client)
        for count in range(1, GATHERED + 1):
            harness.push(size=20_000)
            harness.connections.flush()
            assert json.loads(await asyncio.wait_for(client.recv(), 60))["seq"] == count
        frames = [seqs async for seqs in frames_until(raw, GATHERED)]
        assert [seq for seqs in frames for seq in seqs] == list(range(1, GATHERED + 1))
        assert max(len(seqs) for seqs in frames) > 1  # What gathered came as one frame.
        harness.push()
        harness.connections.flush()
        assert [seqs async for seqs in frames_until(raw, GATHERED + 1)] == [[GATHERED + 1]]


async def test_a_client_that_leaves_amid_a_fan_out_affects_no_other(harness: ConnectionHarness) -> None:
    async with harness.connect() as leaving, harness.connect() as staying:
        await harness.subscribed(leaving)
        await harness.subscribed(staying)
        for count in range(1, 21):
            harness.push()
            harness.connections.flush()
            if count == 10:
                leaving.transport.abort()
            assert json.loads(await asyncio.wait_for(staying.recv(), 60))["seq"] == count
        await eventually("one connection", lambda: len(harness.connections.connections) == 1)


async def test_a_silent_client_gets_a_heartbeat_and_is_then_closed(harness: ConnectionHarness) -> None:
    async with harness.connect() as client:
        await harness.subscribed(client)
        ticking = asyncio.create_task(harness.connections.tick())
        harness.clock.now_s += HEARTBEAT_S
        assert json.loads(await asyncio.wait_for(client.recv(), 60)) == {"channel": "pong"}
        harness.clock.now_s += SILENCE_LIMIT_S - HEARTBEAT_S
        assert await closing(client) == (1008, "silent for a minute: send pings")
        ticking.cancel()


async def test_the_clock_comes_with_hello_and_each_second_to_its_subscribers(harness: ConnectionHarness) -> None:
    harness.market_clock.set_speed(60)
    harness.market_clock.observe(5_000)
    async with harness.connect() as client, harness.connect() as other:
        hello = json.loads(await client.recv())
        assert (hello["time_ms"], hello["market_ms"], hello["market_speed"]) == (100_000, 5_000, 60)
        await harness.subscribed(other)
        await client.send('{"op":"subscribe","channels":["clock"]}')
        await client.send('{"op":"ping"}')
        assert json.loads(await client.recv()) == {"channel": "pong"}
        ticking = asyncio.create_task(harness.connections.tick())
        for seconds in (1, 2):
            harness.clock.now_s = 100 + seconds
            while (clock := json.loads(await asyncio.wait_for(client.recv(), 60)))[
                "time_ms"
            ] < 100_000 + seconds * 1000:
                pass
            assert clock == {
                "channel": "clock",
                "time_ms": 100_000 + seconds * 1000,
                "market_ms": 5_000 + seconds * 60_000,
                "market_speed": 60,
            }
        harness.push()
        harness.connections.flush()
        assert json.loads(await other.recv())["channel"] == "ai_decision"  # Who hasn't subscribed gets no clock.
        ticking.cancel()


async def test_a_new_epoch_closes_every_connection(harness: ConnectionHarness) -> None:
    async with harness.connect() as client:
        await harness.subscribed(client)
        harness.hub.accept("ai_decision", 1, 99, 1, {})
        harness.connections.flush()
        assert (await closing(client))[1].startswith("the server's counters were reset")


async def test_only_own_and_configured_origins_and_programs_connect(harness: ConnectionHarness) -> None:
    for origin in (f"http://127.0.0.1:{harness.port}", "https://friend.example", None):
        async with harness.connect(origin=origin) as client:
            assert json.loads(await client.recv())["channel"] == "hello"
    for stranger in ("https://evil.example", "null", "http://[torn"):
        with pytest.raises(InvalidStatus) as refused:
            await harness.connect(origin=stranger)
        assert refused.value.response.status_code == 403


async def test_connections_per_address_are_limited(harness: ConnectionHarness) -> None:
    async with harness.connect(), harness.connect(), harness.connect():
        with pytest.raises(InvalidStatus):
            await harness.connect()
    await eventually("the connection to end", lambda: not harness.connections.connections)
    async with harness.connect() as client:
        assert await client.recv()


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["x" * 4_097], 1009, "message too big"),
        (["nonsense"], 1008, "bad message: not JSON"),
        ([b"bytes"], 1008, "text frames only"),
        (['{"op":"ping"}'] * 11, 1008, "too many messages"),
    ],
)
async def test_a_client_that_breaks_a_limit_is_closed(
    harness: ConnectionHarness, messages: list[Any], code: int, reason: str
) -> None:
    async with harness.connect() as client:
        for message in messages:
            await client.send(message)
        assert await closing(client) == (code, reason)
    await eventually("the connection to end", lambda: not harness.connections.connections)
