"""The WebSocket to Hyperliquid: subscribes, pings, notices silence, and reconnects for as long as it runs."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from picows.websockets.asyncio.client import ClientConnection, connect
from picows.websockets.exceptions import WebSocketException
from python_socks import ProxyError
from structlog.typing import FilteringBoundLogger

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.outside.proxies import websocket_proxy
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester import metrics
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.exchange.wire import Frame, UnreadableFrame, decode_frame, decode_subscription

PING_EVERY_S = 30.0
"""The exchange closes a connection to which it has sent nothing for 60 s; a ping brings a pong."""
OPEN_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0
ACKNOWLEDGE_LIMIT_S = 15.0
STEADY_AFTER_S = 30.0
CHECK_EVERY_S = 1.0
MAX_FRAME_BYTES = 4_000_000
PER_COIN_CHANNELS = ("activeAssetCtx", "bbo", "l2Book", "trades")
PING = '{"method":"ping"}'


class ConnectionLost(Exception):
    """The connection must be closed; the message is the reason."""


def list_subscriptions(coins: Sequence[Symbol]) -> list[dict[str, str]]:
    """Everything that the ingester subscribes to."""
    subscriptions: list[dict[str, str]] = [{"type": "allMids"}]
    for symbol in coins:
        subscriptions += [{"type": channel, "coin": symbol.value} for channel in PER_COIN_CHANNELS]
        subscriptions += [{"type": "candle", "coin": symbol.value, "interval": interval} for interval in INTERVALS_MS]
    return subscriptions


class Unacknowledged:
    """The subscriptions that the server has not confirmed yet. Its echo may have more fields than the request."""

    def __init__(self, subscriptions: list[dict[str, str]]) -> None:
        self._waiting = {self._key(each): each for each in subscriptions}

    def confirm(self, echo: dict[str, Any]) -> None:
        self._waiting.pop(self._key(echo), None)

    def first(self) -> dict[str, str] | None:
        return next(iter(self._waiting.values()), None)

    @staticmethod
    def _key(subscription: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(subscription.get(name) for name in ("type", "coin", "interval"))


class Connection:
    """Keeps one connection open.

    States: connecting → subscribed → lost → (pause) → connecting. `run` is the only task that drives them; inside a
    session two tasks run beside each other, one that reads frames and one that pings and checks for silence. Whichever
    ends first ends the session: the other is cancelled, the socket is closed, and the reason goes to `on_change`.

    `on_frame` gets every market frame, `on_change(is_connected, reason)` every change of state, before the first frame
    of a connection and after its last. `silent_stream()` is polled once a second and names a stream that has been
    quiet too long. All three run in the event loop and must not block. An unreadable frame is reported and skipped; it
    never ends the connection. A subscription that is not confirmed within ACKNOWLEDGE_LIMIT_S does, for without it the
    market would be incomplete unnoticed.
    """

    def __init__(
        self,
        url: str,
        subscriptions: list[dict[str, str]],
        clock: Clock,
        log: FilteringBoundLogger,
        warnings: ThrottledWarnings,
        *,
        on_frame: Callable[[Frame], None],
        on_change: Callable[[bool, str], None],
        silent_stream: Callable[[], str | None],
        on_message: Callable[[bytes], None] | None = None,
    ) -> None:
        """`on_message` gets every readable message unchanged, before anything is done with it."""
        self._url, self._subscriptions = url, subscriptions
        self._clock, self._log, self._warnings = clock, log, warnings
        self._on_frame, self._on_change, self._on_message = on_frame, on_change, on_message
        self._silent_stream = silent_stream

    async def run(self) -> None:
        """Connects and reads; after every end connects again, with jittered pauses that grow up to 15 s."""
        pause = Backoff(base_s=0.25, cap_s=15)
        while True:
            began_s = self._clock.monotonic()
            try:
                await self._run_session()
            except (WebSocketException, ProxyError, OSError, TimeoutError, ConnectionLost) as error:
                reason = str(error) or type(error).__name__
                metrics.DISCONNECTIONS.inc()
                self._on_change(False, reason)
                self._log.warning("no connection to the market; check HYPERLIQUID_API_URL; reconnecting", reason=reason)
            # Only a connection that lasted resets the pause: a server that accepts and drops at once is spared.
            if self._clock.monotonic() - began_s >= STEADY_AFTER_S:
                pause.reset()
            await self._clock.sleep(pause.next_s())

    async def _run_session(self) -> None:
        """One connection, until it ends. Raises what ended it."""
        async with connect(
            self._url,
            open_timeout=OPEN_LIMIT_S,
            close_timeout=CLOSE_LIMIT_S,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            compression=None,
            proxy=websocket_proxy(self._url),
        ) as socket:
            unacknowledged = Unacknowledged(self._subscriptions)
            reading = asyncio.ensure_future(self._read(socket, unacknowledged))
            checking = asyncio.ensure_future(self._check(socket, unacknowledged))
            try:
                self._on_change(True, "")
                for subscription in self._subscriptions:
                    await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
                await asyncio.wait({reading, checking}, return_when=asyncio.FIRST_COMPLETED)
                for task in (checking, reading):
                    if task.done():
                        task.result()
            finally:
                reading.cancel()
                checking.cancel()
                await asyncio.gather(reading, checking, return_exceptions=True)

    async def _read(self, socket: ClientConnection, unacknowledged: Unacknowledged) -> None:
        while True:
            raw: Any = await socket.recv(decode=False)  # bytes
            try:
                frame = decode_frame(raw)
                if self._on_message is not None:
                    self._on_message(raw)
                if frame.channel == "subscriptionResponse":
                    unacknowledged.confirm(decode_subscription(frame))
                elif frame.channel == "error":
                    self._log.error("the exchange refused a request", reason=bytes(frame.data).decode())
                else:
                    self._on_frame(frame)
            except UnreadableFrame as error:
                self._warnings.report_unreadable(str(error))

    async def _check(self, socket: ClientConnection, unacknowledged: Unacknowledged) -> None:
        """Pings; raises ConnectionLost when a stream falls silent or a subscription is never confirmed."""
        began_s = pinged_s = self._clock.monotonic()
        while True:
            await self._clock.sleep(CHECK_EVERY_S)
            now_s = self._clock.monotonic()
            if (silent := self._silent_stream()) is not None:
                raise ConnectionLost(f"nothing received on {silent}")
            if now_s - began_s >= ACKNOWLEDGE_LIMIT_S and (missing := unacknowledged.first()) is not None:
                raise ConnectionLost(f"not acknowledged: {json.dumps(missing)}")
            if now_s - pinged_s >= PING_EVERY_S:
                pinged_s = now_s
                await socket.send(PING)
