"""The WebSocket to Hyperliquid: subscribes, keeps alive, notices silence, and connects again for ever."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.symbols import INTERVALS_MS, SYMBOLS
from ingester import metrics
from ingester.wire import Frame, UnreadableFrame, frame_of

PING_EVERY_S = 30.0
OPEN_LIMIT_S = 10.0
MAX_FRAME_BYTES = 4_000_000
PER_COIN = ("activeAssetCtx", "bbo", "l2Book", "trades")


class Stalled(Exception):
    """The connection is open but a stream has gone quiet."""


def subscriptions() -> list[dict[str, str]]:
    """Everything the ingester listens to."""
    wanted: list[dict[str, str]] = [{"type": "allMids"}]
    for symbol in SYMBOLS:
        wanted += [{"type": kind, "coin": symbol.value} for kind in PER_COIN]
        wanted += [{"type": "candle", "coin": symbol.value, "interval": interval} for interval in INTERVALS_MS]
    return wanted


class Connection:
    """`take(frame)` gets every frame; `connected(bool)` hears of each change; `is_stalled()` names a silent stream."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        log: Any,
        *,
        take: Callable[[Frame], None],
        connected: Callable[[bool, str], None],
        is_stalled: Callable[[], str | None],
    ) -> None:
        self._url, self._clock, self._log = url, clock, log
        self._take, self._connected, self._is_stalled = take, connected, is_stalled

    async def run(self) -> None:
        """Connects, listens, and begins again after every end, with jittered pauses."""
        pause = Backoff(base_s=0.25, cap_s=15)
        while True:
            try:
                async with connect(
                    self._url, open_timeout=OPEN_LIMIT_S, ping_interval=None, max_size=MAX_FRAME_BYTES, compression=None
                ) as socket:
                    await self._subscribe(socket)
                    self._connected(True, "")
                    pause.reset()
                    await self._listen(socket)
            except (WebSocketException, OSError, TimeoutError, Stalled) as error:
                reason = str(error) or type(error).__name__
                metrics.DISCONNECTIONS.inc()
                self._connected(False, reason)
                self._log.warning(
                    "no connection to the market; check HYPERLIQUID_API_URL; connecting again", reason=reason
                )
            await self._clock.sleep(pause.next_s())

    async def _subscribe(self, socket: ClientConnection) -> None:
        for subscription in subscriptions():
            await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))

    async def _listen(self, socket: ClientConnection) -> None:
        """Reads until the socket ends or a stream falls silent."""
        keeping = asyncio.create_task(self._keep_alive(socket))
        try:
            while True:
                raw = await self._receive(socket, keeping)
                try:
                    frame = frame_of(raw)
                    if frame.channel == "error":
                        self._log.error("the exchange refused a request", reason=bytes(frame.data).decode())
                    self._take(frame)
                except UnreadableFrame as error:
                    metrics.UNREADABLE_FRAMES.inc()
                    self._log.error("an unreadable frame was skipped", reason=str(error), frame=str(raw)[:200])
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _receive(self, socket: ClientConnection, keeping: "asyncio.Task[None]") -> str | bytes:
        if keeping.done():
            keeping.result()
        async with asyncio.timeout(PING_EVERY_S + OPEN_LIMIT_S):
            return await socket.recv(decode=False)

    async def _keep_alive(self, socket: ClientConnection) -> None:
        """Pings; closes the socket when a stream stalls, which ends the reading side."""
        pinged = self._clock.monotonic()
        while True:
            await self._clock.sleep(1.0)
            stalled = self._is_stalled()
            if stalled is not None:
                await socket.close()
                raise Stalled(f"nothing heard on {stalled}")
            if self._clock.monotonic() - pinged >= PING_EVERY_S:
                pinged = self._clock.monotonic()
                await socket.send('{"method":"ping"}')
