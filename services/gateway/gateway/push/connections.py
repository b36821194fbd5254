"""The WebSocket endpoint /ws: I/O around the hub, with the limits of a public endpoint.

Each connection has one task, `serve`, which only receives; everything is sent by whoever calls `flush`, without a task
per client: the tail after each reading, `tick` several times a second for conflated prices, and a connection after
each message it received. A connection is closed when its origin is not allowed, its address has too many, a message
breaks a limit or the protocol, it is silent for a minute, it is too slow, the epoch changed, or a store is unavailable
while it subscribes. A slow client never delays the others: what its transport does not take waits in its queue.
"""

import asyncio
import math
from collections import Counter, deque
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway.config import GatewaySettings
from gateway.push import metrics
from gateway.push.connection import Closed, Connection, close_socket
from gateway.push.frames import frame_socket
from gateway.push.hub import Client, Hub
from gateway.push.market_clock import MarketClock
from gateway.push.protocol import BadMessage, Ping, Subscribe, parse_message
from gateway.push.snapshots import Snapshots

MAX_MESSAGE_BYTES = 4_096
MAX_MESSAGES_PER_S = 10
HEARTBEAT_S = 20.0
SILENCE_LIMIT_S = 60.0
SILENCE_CHECK_S = 1.0
CLOCK_EVERY_S = 1.0
POLICY, TRY_LATER, TOO_BIG = 1008, 1013, 1009
PONG = '{"channel":"pong"}'


class ConnectionManager:
    """All WebSocket connections of this gateway; the module's docstring says which task does what.

    `serve` admits one connection and reads from it until either side closes; `tick` runs once for all of them.
    """

    def __init__(
        self, hub: Hub, snapshots: Snapshots, service: Service, settings: GatewaySettings, market_clock: MarketClock
    ) -> None:
        self._hub, self._snapshots, self._service, self._settings = hub, snapshots, service, settings
        self._market_clock = market_clock
        self._per_address: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self._prices_sent_s = -math.inf

    async def tick(self) -> None:
        """Runs for ever: sends the clock once a second and the prices that wait at the push interval, and checks for
        silent connections."""
        clock, checked_s, clock_sent_s = self._service.clock, 0.0, -math.inf
        while True:
            await clock.sleep(self._settings.price_push_interval_ms / 1000)
            if clock.monotonic() - clock_sent_s >= CLOCK_EVERY_S:
                clock_sent_s = clock.monotonic()
                self._hub.send_clock(self._market_clock.reading())
            self.flush()
            if clock.monotonic() - checked_s >= SILENCE_CHECK_S:
                checked_s = clock.monotonic()
                self._check_silence(checked_s)

    def flush(self) -> None:
        """Sends every queue; prices at once when the push interval has passed since the last ones."""
        now_s = self._service.clock.monotonic()
        if now_s - self._prices_sent_s >= self._settings.price_push_interval_ms / 1000 and self._hub.flush_prices():
            self._prices_sent_s = now_s
        self._hub.distribute()
        for connection in tuple(self.connections):
            if connection.client.is_too_slow:
                connection.close(Closed(TRY_LATER, "too slow"))
            elif connection.epoch != self._hub.epoch:
                connection.close(Closed(TRY_LATER, "the server's counters were reset: connect again"))
            else:
                connection.flush(now_s)

    def _check_silence(self, now_s: float) -> None:
        for connection in tuple(self.connections):
            if now_s - connection.received_s >= SILENCE_LIMIT_S:
                connection.close(Closed(POLICY, "silent for a minute: send pings"))
            elif now_s - connection.sent_s >= HEARTBEAT_S:
                connection.client.enqueue(PONG)
                connection.flush(now_s)

    async def serve(self, socket: WebSocket) -> None:
        """One connection from open to close."""
        address = socket.client.host if socket.client else "unknown"
        if not self._is_allowed(socket):
            await socket.close(POLICY, "origin not allowed")
            return
        if self._per_address[address] >= self._settings.max_connections_per_address:
            await socket.close(TRY_LATER, "too many connections from this address")
            return
        self._per_address[address] += 1
        try:
            await socket.accept()
            await self._register(socket)
        finally:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    async def _register(self, socket: WebSocket) -> None:
        """Keeps an accepted connection among the others until it ends."""
        transport, clock = frame_socket(socket), self._service.clock
        connection = Connection(transport, self._hub.epoch, clock.monotonic())
        transport.when_writable = lambda: connection.flush(clock.monotonic())
        self._hub.clients.add(connection.client)
        self.connections.add(connection)
        metrics.CLIENTS.set(len(self.connections))
        try:
            await self._converse(socket, connection)
        finally:
            self._hub.clients.discard(connection.client)
            self.connections.discard(connection)
            transport.when_writable = None
            metrics.CLIENTS.set(len(self.connections))

    def _is_allowed(self, socket: WebSocket) -> bool:
        """The page's own origin, a configured one, or no browser at all."""
        origin = socket.headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return True
        try:
            return urlsplit(origin).netloc == socket.headers.get("host")
        except ValueError:  # Not an address at all.
            return False

    async def _converse(self, socket: WebSocket, connection: Connection) -> None:
        connection.client.enqueue(self._hub.hello(self._market_clock.reading()))
        connection.flush(connection.received_s)
        try:
            await self._receive(socket, connection)
        except Closed as closed:
            await close_socket(socket, connection.transport, closed)
        except asyncio.CancelledError:
            reason = connection.absorb_cancellation()
            if reason is None:
                raise
            await close_socket(socket, connection.transport, reason)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return

    async def _receive(self, socket: WebSocket, connection: Connection) -> None:
        recent: deque[float] = deque(maxlen=MAX_MESSAGES_PER_S)
        while True:
            try:
                text = await socket.receive_text()
            except KeyError:
                raise Closed(POLICY, "text frames only") from None
            now_s = connection.received_s = self._service.clock.monotonic()
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                raise Closed(TOO_BIG, "message too big")
            if len(recent) == MAX_MESSAGES_PER_S and now_s - recent[0] < 1.0:
                raise Closed(POLICY, "too many messages")
            recent.append(now_s)
            await self._handle(connection.client, text)
            connection.flush(now_s)

    async def _handle(self, client: Client, text: str) -> None:
        try:
            message = parse_message(text)
        except BadMessage as error:
            raise Closed(POLICY, f"bad message: {error}") from None
        if isinstance(message, Ping):
            client.enqueue(PONG)
        elif isinstance(message, Subscribe):
            await self._subscribe(client, message)
        else:
            client.channels -= set(message.channels)

    async def _subscribe(self, client: Client, request: Subscribe) -> None:
        now_ms = self._market_clock.now_ms() or self._service.clock.now_ms()
        try:
            needed = self._hub.needs_snapshot(request)
            snapshots = {channel: await self._snapshots.read(channel, now_ms) for channel in needed}
        except Exception as error:
            if not is_outage(error):
                raise
            raise Closed(TRY_LATER, "a store does not answer: try again") from error
        self._hub.subscribe(client, request, snapshots)
