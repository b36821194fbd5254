"""The market connection against a server that drops, stalls, garbles and refuses."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from harness import eventually
from ingester_frames import COINS, RecordedLog, mids
from websockets.asyncio.server import Server, ServerConnection, serve

from ingester.exchange.connection import ACKNOWLEDGE_LIMIT_S, PING_EVERY_S, Connection, list_subscriptions
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.exchange.wire import Frame

SPEED = 40.0
Behavior = Callable[["Exchange", ServerConnection], Coroutine[Any, Any, None]]


class PacedClock:
    """Its time passes only by `pass_s`, however long the machine takes; sleepers wake often and look at it."""

    def __init__(self) -> None:
        self._now_s = 1_000.0

    def pass_s(self, seconds: float) -> None:
        self._now_s += seconds

    def now_ms(self) -> int:
        return round(self._now_s * 1000)

    def monotonic(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


async def acknowledge(request: dict[str, Any], socket: ServerConnection) -> None:
    """Answers one request as the exchange does; the echo of l2Book has more fields than the request."""
    if request["method"] == "ping":
        await socket.send('{"channel":"pong"}')
        return
    extra = {"nSigFigs": None, "mantissa": None} if request["subscription"]["type"] == "l2Book" else {}
    data = {"method": "subscribe", "subscription": request["subscription"] | extra}
    await socket.send(json.dumps({"channel": "subscriptionResponse", "data": data}))


async def obliging(exchange: "Exchange", socket: ServerConnection, *, forgets: Any = None) -> None:
    """Confirms everything but `forgets`, and sends one price after the last subscription."""
    async for raw in socket:
        request = json.loads(raw)
        exchange.requests.append(request)
        if request.get("subscription") != forgets or forgets is None:
            await acknowledge(request, socket)
        if request.get("subscription") == list_subscriptions(COINS)[-1]:
            await socket.send(json.dumps({"channel": "allMids", "data": {"mids": {"BTC": str(exchange.connections)}}}))


class Exchange:
    """A server whose n-th connection behaves as the n-th behavior says; the last one goes for all later ones."""

    def __init__(self, *behaviors: Behavior) -> None:
        self.behaviors = behaviors
        self.connections = 0
        self.requests: list[dict[str, Any]] = []
        self.server: Server | None = None

    async def __call__(self, socket: ServerConnection) -> None:
        behavior = self.behaviors[min(self.connections, len(self.behaviors) - 1)]
        self.connections += 1
        await behavior(self, socket)

    def subscribed(self) -> list[dict[str, str]]:
        return [request["subscription"] for request in self.requests if request["method"] == "subscribe"]


class Client:
    """A connection under test and what it has reported."""

    def __init__(self, url: str) -> None:
        self.frames: list[Frame] = []
        self.changes: list[tuple[bool, str]] = []
        self.quiet: str | None = None
        self.log = RecordedLog()
        self.clock = PacedClock()
        self.connection = Connection(
            url,
            list_subscriptions(COINS),
            self.clock,
            self.log,
            ThrottledWarnings(self.clock, self.log),
            on_frame=self.frames.append,
            on_change=lambda is_connected, reason: self.changes.append((is_connected, reason)),
            silent_stream=self._silent,
        )

    def _silent(self) -> str | None:
        quiet, self.quiet = self.quiet, None
        return quiet

    @property
    def prices(self) -> list[str]:
        return [json.loads(bytes(frame.data))["mids"]["BTC"] for frame in self.frames if frame.channel == "allMids"]

    @property
    def losses(self) -> list[str]:
        return [reason for is_connected, reason in self.changes if not is_connected]


@asynccontextmanager
async def connected(exchange: Exchange) -> AsyncIterator[Client]:
    async with serve(exchange, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(f"ws://127.0.0.1:{port}/ws")
        running = asyncio.ensure_future(client.connection.run())
        try:
            yield client
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_it_subscribes_to_every_stream_once_and_passes_frames() -> None:
    exchange = Exchange(obliging)
    async with connected(exchange) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        assert exchange.subscribed() == list_subscriptions(COINS)
        assert len(list_subscriptions(COINS)) == 1 + 6 * 4 + 6 * 6
        assert client.changes == [(True, "")]


async def test_after_a_drop_it_connects_and_subscribes_again() -> None:
    async def dropping(exchange: Exchange, socket: ServerConnection) -> None:
        serving = asyncio.ensure_future(obliging(exchange, socket))
        await eventually("every subscription", lambda: exchange.subscribed() == list_subscriptions(COINS))
        serving.cancel()
        socket.transport.abort()

    exchange = Exchange(dropping, obliging)
    async with connected(exchange) as client:
        await eventually("a price of the second connection", lambda: client.prices[-1:] == ["2"])
        assert [is_connected for is_connected, _ in client.changes] == [True, False, True]
        assert exchange.subscribed() == list_subscriptions(COINS) * 2


async def test_a_silent_stream_ends_the_connection() -> None:
    exchange = Exchange(obliging)
    async with connected(exchange) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        client.quiet = "l2Book SOL"
        await eventually("a price of the second connection", lambda: client.prices[-1:] == ["2"])
        assert client.losses == ["nothing received on l2Book SOL"]


async def test_an_unconfirmed_subscription_ends_the_connection() -> None:
    async def forgetful(exchange: Exchange, socket: ServerConnection) -> None:
        await obliging(exchange, socket, forgets={"type": "bbo", "coin": "XRP"})

    async with connected(Exchange(forgetful, obliging)) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        assert client.losses == []
        client.clock.pass_s(ACKNOWLEDGE_LIMIT_S)
        await eventually("a price of the second connection", lambda: client.prices[-1:] == ["2"])
        assert client.losses == ['not acknowledged: {"type": "bbo", "coin": "XRP"}']


async def test_a_confirmed_connection_is_kept_and_pinged() -> None:
    exchange, ping = Exchange(obliging), {"method": "ping"}
    async with connected(exchange) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        for number in range(3):
            await eventually("a ping", lambda number=number: exchange.requests.count(ping) >= number)  # type: ignore[misc]
            await asyncio.sleep(5 / SPEED)
            assert exchange.requests.count(ping) == number
            client.clock.pass_s(PING_EVERY_S)
        assert PING_EVERY_S > ACKNOWLEDGE_LIMIT_S
        assert client.losses == []


async def test_an_unreadable_message_is_skipped_and_logged_once() -> None:
    async def garbling(exchange: Exchange, socket: ServerConnection) -> None:
        for raw in ("{", "[]", b"\xff\xfe", '{"data":1}', '{"channel":"subscriptionResponse","data":7}'):
            await socket.send(raw)
        await obliging(exchange, socket)

    async with connected(Exchange(garbling)) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        assert [event for level, event, _ in client.log.lines if level == "error"] == [
            "an unreadable frame was skipped"
        ]
        assert client.losses == []


async def test_a_refusal_is_logged_with_its_reason() -> None:
    async def refusing(exchange: Exchange, socket: ServerConnection) -> None:
        await socket.send('{"channel":"error","data":"Invalid subscription {}"}')
        await obliging(exchange, socket)

    async with connected(Exchange(refusing)) as client:
        await eventually("a price", lambda: client.prices == ["1"])
        assert ("error", "the exchange refused a request", {"reason": '"Invalid subscription {}"'}) in client.log.lines


async def test_pauses_grow_while_connections_do_not_last() -> None:
    came_s: list[float] = []

    async def closing(exchange: Exchange, socket: ServerConnection) -> None:
        came_s.append(asyncio.get_running_loop().time() * SPEED)

    async with connected(Exchange(closing)) as client:
        await eventually("seven attempts", lambda: len(came_s) == 7)
        # Six pauses, each at least half of a doubling bound; without growth all six together stay under 1.5 s.
        assert came_s[-1] - came_s[0] > 0.125 * (2**6 - 1)
        assert len(client.losses) >= 6


async def test_frames_pass_unchanged() -> None:
    async def once(exchange: Exchange, socket: ServerConnection) -> None:
        await socket.send('{"channel":"allMids","data":{"mids":{"BTC":"100.5"}}}')
        await obliging(exchange, socket)

    async with connected(Exchange(once)) as client:
        await eventually("a frame", lambda: client.frames)
        assert client.frames[0].channel == mids().channel
        assert bytes(client.frames[0].data) == b'{"mids":{"BTC":"100.5"}}'
