"""The WebSocket to Hyperliquid: subscribes, keeps alive, notices silence, and connects again for ever."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester import metrics
from ingester.complaints import Complaints
from ingester.wire import Frame, UnreadableFrame, frame_of, subscription_of

PING_EVERY_S = 30.0
"""The exchange closes a connection to which it has sent nothing for 60 s; a ping brings a pong."""
OPEN_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0
ACKNOWLEDGE_LIMIT_S = 15.0
STEADY_AFTER_S = 30.0
WATCH_EVERY_S = 1.0
MAX_FRAME_BYTES = 4_000_000
PER_COIN = ("activeAssetCtx", "bbo", "l2Book", "trades")
PING = '{"method":"ping"}'


class ConnectionLost(Exception):
    """The connection must be given up; says why."""


def subscriptions() -> list[dict[str, str]]:
    """Everything the ingester listens to."""
    wanted: list[dict[str, str]] = [{"type": "allMids"}]
    for symbol in SYMBOLS:
        wanted += [{"type": kind, "coin": symbol.value} for kind in PER_COIN]
        wanted += [{"type": "candle", "coin": symbol.value, "interval": interval} for interval in INTERVALS_MS]
    return wanted


class Unacknowledged:
    """The subscriptions that the server has not confirmed yet. The echo may say more than was asked."""

    def __init__(self, wanted: list[dict[str, str]]) -> None:
        self._waiting = {self._key(each): each for each in wanted}

    def confirm(self, echo: dict[str, Any]) -> None:
        self._waiting.pop(self._key(echo), None)

    def first(self) -> dict[str, str] | None:
        return next(iter(self._waiting.values()), None)

    @staticmethod
    def _key(subscription: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(subscription.get(name) for name in ("type", "coin", "interval"))


class Connection:
    """`take(frame)` gets every frame but acknowledgements; `connected(bool, reason)` hears of each change;
    `silent()` names a stream that has been quiet too long."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        log: Any,
        complaints: Complaints,
        *,
        take: Callable[[Frame], None],
        connected: Callable[[bool, str], None],
        silent: Callable[[], str | None],
        heard: Callable[[bytes], None] | None = None,
    ) -> None:
        """`heard` gets every readable message as it came, before anything is done with it."""
        self._url, self._clock, self._log, self._complaints = url, clock, log, complaints
        self._take, self._connected, self._silent, self._heard = take, connected, silent, heard

    async def run(self) -> None:
        """Connects, listens, and begins again after every end, with jittered pauses."""
        pause = Backoff(base_s=0.25, cap_s=15)
        while True:
            began_s = self._clock.monotonic()
            try:
                await self._session()
            except (WebSocketException, OSError, TimeoutError, ConnectionLost) as error:
                reason = str(error) or type(error).__name__
                metrics.DISCONNECTIONS.inc()
                self._connected(False, reason)
                self._log.warning(
                    "no connection to the market; check HYPERLIQUID_API_URL; connecting again", reason=reason
                )
            # A server that accepts and drops at once must not be knocked at four times a second.
            if self._clock.monotonic() - began_s >= STEADY_AFTER_S:
                pause.reset()
            await self._clock.sleep(pause.next_s())

    async def _session(self) -> None:
        """One connection, until it ends. Raises what it ended by."""
        async with connect(
            self._url,
            open_timeout=OPEN_LIMIT_S,
            close_timeout=CLOSE_LIMIT_S,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            compression=None,
        ) as socket:
            wanted = subscriptions()
            unacknowledged = Unacknowledged(wanted)
            listening = asyncio.ensure_future(self._listen(socket, unacknowledged))
            watching = asyncio.ensure_future(self._watch(socket, unacknowledged))
            try:
                self._connected(True, "")
                for subscription in wanted:
                    await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
                await asyncio.wait({listening, watching}, return_when=asyncio.FIRST_COMPLETED)
                for task in (watching, listening):
                    if task.done():
                        task.result()
            finally:
                listening.cancel()
                watching.cancel()
                await asyncio.gather(listening, watching, return_exceptions=True)

    async def _listen(self, socket: ClientConnection, unacknowledged: Unacknowledged) -> None:
        while True:
            raw = await socket.recv(decode=False)
            try:
                frame = frame_of(raw)
                if self._heard is not None:
                    self._heard(raw)
                if frame.channel == "subscriptionResponse":
                    unacknowledged.confirm(subscription_of(frame))
                elif frame.channel == "error":
                    self._log.error("the exchange refused a request", reason=bytes(frame.data).decode())
                else:
                    self._take(frame)
            except UnreadableFrame as error:
                self._complaints.skipped(str(error))

    async def _watch(self, socket: ClientConnection, unacknowledged: Unacknowledged) -> None:
        """Pings; raises ConnectionLost when a stream falls silent or a subscription is never confirmed."""
        began_s = pinged_s = self._clock.monotonic()
        while True:
            await self._clock.sleep(WATCH_EVERY_S)
            now_s = self._clock.monotonic()
            if (silent := self._silent()) is not None:
                raise ConnectionLost(f"nothing heard on {silent}")
            if now_s - began_s >= ACKNOWLEDGE_LIMIT_S and (missing := unacknowledged.first()) is not None:
                raise ConnectionLost(f"not acknowledged: {json.dumps(missing)}")
            if now_s - pinged_s >= PING_EVERY_S:
                pinged_s = now_s
                await socket.send(PING)
