"""The WebSocket: thin I/O around the hub, with every limit that a public door needs."""

import asyncio
import contextlib
from collections import Counter, deque
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway import metrics
from gateway.config import GatewaySettings
from gateway.hub import BadMessage, Client, Hub, Ping, Subscribe, parse
from gateway.snapshots import Snapshots

MAX_MESSAGE_BYTES = 4_096
MAX_MESSAGES_A_SECOND = 10
HEARTBEAT_S = 20.0
SILENCE_LIMIT_S = 60.0
POLICY, TRY_LATER, TOO_BIG = 1008, 1013, 1009
PONG = '{"channel":"pong"}'


class Refused(Exception):
    """The connection is closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Doors:
    """All WebSocket connections of this gateway."""

    def __init__(self, hub: Hub, snapshots: Snapshots, service: Service, settings: GatewaySettings) -> None:
        self._hub, self._snapshots, self._service, self._settings = hub, snapshots, service, settings
        self._addresses: Counter[str] = Counter()
        self._wake: dict[Client, asyncio.Event] = {}

    async def beat(self) -> None:
        """Sends prices and wakes the senders, several times a second."""
        while True:
            await self._service.clock.sleep(self._settings.price_push_interval_ms / 1000)
            self._hub.flush_prices()
            for client, wake in self._wake.items():
                if client.waiting:
                    wake.set()

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
        await socket.accept()
        client = Client()
        self._hub.clients.add(client)
        self._wake[client] = asyncio.Event()
        metrics.CLIENTS.set(len(self._hub.clients))
        try:
            await self._converse(socket, client)
        finally:
            self._hub.clients.discard(client)
            del self._wake[client]
            self._addresses[address] -= 1
            metrics.CLIENTS.set(len(self._hub.clients))

    def _is_allowed(self, socket: WebSocket) -> bool:
        """The page's own origin, a configured one, or no browser at all."""
        origin = socket.headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return True
        return urlsplit(origin).netloc == socket.headers.get("host")

    async def _converse(self, socket: WebSocket, client: Client) -> None:
        await socket.send_text(self._hub.hello())
        tasks = [asyncio.create_task(self._send(socket, client)), asyncio.create_task(self._receive(socket, client))]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            error = task.exception()
            if isinstance(error, Refused):
                metrics.CLOSED.labels(error.reason.split(":")[0]).inc()
                with contextlib.suppress(RuntimeError, OSError):
                    await socket.close(error.code, error.reason)
            elif error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError | OSError):
                raise error

    async def _send(self, socket: WebSocket, client: Client) -> None:
        wake, clock = self._wake[client], self._service.clock
        sent = clock.monotonic()
        epoch = self._hub.epoch
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), HEARTBEAT_S)
            wake.clear()
            if client.is_too_slow:
                raise Refused(TRY_LATER, "too slow")
            if self._hub.epoch != epoch:
                raise Refused(TRY_LATER, "the server's counters were born anew: connect again")
            frame = client.take()
            if frame is None and clock.monotonic() - sent >= HEARTBEAT_S:
                frame = PONG
            if frame is not None:
                await socket.send_text(frame)
                sent = clock.monotonic()

    async def _receive(self, socket: WebSocket, client: Client) -> None:
        recent: deque[float] = deque(maxlen=MAX_MESSAGES_A_SECOND)
        while True:
            try:
                text = await asyncio.wait_for(socket.receive_text(), SILENCE_LIMIT_S)
            except TimeoutError:
                raise Refused(POLICY, "nothing heard for a minute: send pings") from None
            except KeyError:
                raise Refused(POLICY, "text frames only") from None
            now = self._service.clock.monotonic()
            if len(text.encode()) > MAX_MESSAGE_BYTES:
                raise Refused(TOO_BIG, "message too big")
            if len(recent) == MAX_MESSAGES_A_SECOND and now - recent[0] < 1.0:
                raise Refused(POLICY, "too many messages")
            recent.append(now)
            await self._obey(client, text)

    async def _obey(self, client: Client, text: str) -> None:
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
        self._wake[client].set()

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
