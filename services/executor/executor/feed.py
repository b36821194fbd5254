"""The account's own WebSocket: any news of fills or orders makes the lane look at once. The polling is the backstop."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock

PING_S = 30.0
OPEN_LIMIT_S = 10.0
CHANNELS = ("userFills", "orderUpdates")
PING = json.dumps({"method": "ping"})


class AccountFeed:
    """Listens for one account, for ever; `on_news` is called after each connection and each message about it."""

    def __init__(self, api_url: str, address: str, on_news: Callable[[], None], clock: Clock, log: Any) -> None:
        self._url = f"ws{api_url.removeprefix('http')}/ws"
        self._address, self._on_news, self._clock, self._log = address, on_news, clock, log

    async def run(self) -> None:
        pause = Backoff(base_s=0.5, cap_s=15)
        while True:
            try:
                await self._listen(pause)
            except (WebSocketException, OSError, TimeoutError, ValueError) as error:
                reason = f"{type(error).__name__}: {error}"
                self._log.info("no account feed; polling meanwhile", address=self._address, reason=reason)
            await self._clock.sleep(pause.next_s())

    async def _listen(self, pause: Backoff) -> None:
        async with connect(self._url, open_timeout=OPEN_LIMIT_S, ping_interval=None, compression=None) as socket:
            for channel in CHANNELS:
                subscription = {"type": channel, "user": self._address}
                await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
            pause.reset()
            self._on_news()
            while True:
                try:
                    async with asyncio.timeout(PING_S):
                        raw = await socket.recv()
                except TimeoutError:
                    # The exchange hangs up on who has been silent for a minute; its pong proves that it is there.
                    await self._prove_alive(socket)
                    continue
                self._take(raw)

    async def _prove_alive(self, socket: Any) -> None:
        await socket.send(PING)
        async with asyncio.timeout(PING_S):
            self._take(await socket.recv())

    def _take(self, raw: str | bytes) -> None:
        """A subscription's first answer repeats what is known; all else on its channels is news."""
        message = json.loads(raw)
        data = message.get("data")
        is_snapshot = isinstance(data, dict) and data.get("isSnapshot")
        if message.get("channel") in CHANNELS and not is_snapshot:
            self._on_news()
