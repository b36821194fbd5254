"""The WebSocket: thin I/O around the hub, with every limit that a public door needs."""

import asyncio
import math
from collections import Counter, deque
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway import metrics
from gateway.config import GatewaySettings
from gateway.frames import FrameSocket, frame_socket, framed
from gateway.hub import BadMessage, Client, Hub, Ping, Subscribe, parse
from gateway.snapshots import Snapshots

MAX_MESSAGE_BYTES = 4_096
MAX_MESSAGES_A_SECOND = 10
HEARTBEAT_S = 20.0
SILENCE_LIMIT_S = 60.0
LOOK_EVERY_S = 1.0
CLOSE_LIMIT_S = 1.0
POLICY, TRY_LATER, TOO_BIG = 1008, 1013, 1009
PONG = '{"channel":"pong"}'


class Refused(Exception):
    """The connection is closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Connection:
    """One open socket. Its frames go out in order: while the socket is full, the next ones gather."""

    __slots__ = ("client", "epoch", "heard_s", "outlet", "refusal", "sent_s", "task")

    def __init__(self, outlet: FrameSocket, epoch: int, now_s: float) -> None:
        self.outlet, self.epoch = outlet, epoch
        self.client = Client()
        self.task = asyncio.current_task()
        self.refusal: Refused | None = None
        self.heard_s = self.sent_s = now_s

    def flush(self, now_s: float) -> None:
        """Sends what has gathered as one frame, unless the socket is full or gone."""
        if self.client.waiting and self.outlet.is_open and (text := self.client.take()) is not None:
            self.sent_s = now_s
            self.outlet.write_frame(framed(text))

    def refuse(self, refusal: Refused) -> None:
        """Ends the conversation; the connection's own task then closes the socket."""
        if self.refusal is None and self.task is not None:
            self.refusal = refusal
            self.task.cancel()


class Doors:
    """All WebSocket connections of this gateway."""

    def __init__(self, hub: Hub, snapshots: Snapshots, service: Service, settings: GatewaySettings) -> None:
        self._hub, self._snapshots, self._service, self._settings = hub, snapshots, service, settings
        self._addresses: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self._prices_s = -math.inf

    async def beat(self) -> None:
        """Sends the prices that gathered meanwhile, several times a second, and looks after silent connections."""
        clock, looked_s = self._service.clock, 0.0
        while True:
            await clock.sleep(self._settings.price_push_interval_ms / 1000)
            self.flush()
            if clock.monotonic() - looked_s >= LOOK_EVERY_S:
                looked_s = clock.monotonic()
                self._look_after(looked_s)

    def flush(self) -> None:
        """Sends to everybody what waits; prices no more often than the setting says, but then at once."""
        now_s = self._service.clock.monotonic()
        if now_s - self._prices_s >= self._settings.price_push_interval_ms / 1000 and self._hub.flush_prices():
            self._prices_s = now_s
        self._hub.hand_out()
        for connection in tuple(self.connections):
            if connection.client.is_too_slow:
                connection.refuse(Refused(TRY_LATER, "too slow"))
            elif connection.epoch != self._hub.epoch:
                connection.refuse(Refused(TRY_LATER, "the server's counters were born anew: connect again"))
            else:
                connection.flush(now_s)

    def _look_after(self, now_s: float) -> None:
        for connection in tuple(self.connections):
            if now_s - connection.heard_s >= SILENCE_LIMIT_S:
                connection.refuse(Refused(POLICY, "nothing heard for a minute: send pings"))
            elif now_s - connection.sent_s >= HEARTBEAT_S:
                connection.client.put(PONG)
                connection.flush(now_s)

    async def serve(self, socket: WebSocket) -> None:
        """One connection from open to end."""
        address = socket.client.host if socket.client else "unknown"
        if not self._is_allowed(socket):
            await socket.close(POLICY, "origin not allowed")
            return
        if self._addresses[address] >= self._settings.max_connections_per_address:
            await socket.close(TRY_LATER, "too many connections from this address")
            return
        self._addresses[address] += 1
        try:
            await socket.accept()
            await self._hold(socket)
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    async def _hold(self, socket: WebSocket) -> None:
        """An accepted connection among the others, to its end."""
        outlet, clock = frame_socket(socket), self._service.clock
        connection = Connection(outlet, self._hub.epoch, clock.monotonic())
        outlet.when_open = lambda: connection.flush(clock.monotonic())
        self._hub.clients.add(connection.client)
        self.connections.add(connection)
        metrics.CLIENTS.set(len(self.connections))
        try:
            await self._converse(socket, connection)
        finally:
            self._hub.clients.discard(connection.client)
            self.connections.discard(connection)
            outlet.when_open = None
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
        connection.client.put(self._hub.hello())
        connection.flush(connection.heard_s)
        try:
            await self._receive(socket, connection)
        except Refused as refusal:
            await _close(socket, connection.outlet, refusal)
        except asyncio.CancelledError:
            if connection.refusal is None:
                raise
            if connection.task is not None:
                connection.task.uncancel()
            await _close(socket, connection.outlet, connection.refusal)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return

    async def _receive(self, socket: WebSocket, connection: Connection) -> None:
        recent: deque[float] = deque(maxlen=MAX_MESSAGES_A_SECOND)
        while True:
            try:
                text = await socket.receive_text()
            except KeyError:
                raise Refused(POLICY, "text frames only") from None
            now = connection.heard_s = self._service.clock.monotonic()
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                raise Refused(TOO_BIG, "message too big")
            if len(recent) == MAX_MESSAGES_A_SECOND and now - recent[0] < 1.0:
                raise Refused(POLICY, "too many messages")
            recent.append(now)
            await self._obey(connection, text)
            connection.flush(now)

    async def _obey(self, connection: Connection, text: str) -> None:
        client = connection.client
        try:
            message = parse(text)
        except BadMessage as error:
            raise Refused(POLICY, f"bad message: {error}") from None
        if isinstance(message, Ping):
            client.put(PONG)
        elif isinstance(message, Subscribe):
            await self._subscribe(client, message)
        else:
            client.channels -= set(message.channels)

    async def _subscribe(self, client: Client, wanted: Subscribe) -> None:
        now_ms = self._service.clock.now_ms()
        try:
            needed = self._hub.needs_snapshot(wanted)
            snapshots = {channel: await self._snapshots.of(channel, now_ms) for channel in needed}
        except Exception as error:
            if not is_outage(error):
                raise
            raise Refused(TRY_LATER, "the stores do not answer: try again") from error
        self._hub.greet(client, wanted, snapshots)


async def _close(socket: WebSocket, outlet: FrameSocket, refusal: Refused) -> None:
    """Closes with code and reason; a socket that takes nothing any more is cut off instead."""
    metrics.CLOSED.labels(refusal.reason.split(":")[0]).inc()
    try:
        await asyncio.wait_for(socket.close(refusal.code, refusal.reason), CLOSE_LIMIT_S)
    except TimeoutError:
        outlet.abort()
    except (RuntimeError, OSError):
        return
