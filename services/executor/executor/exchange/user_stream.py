"""The account's own WebSocket: what it tells of fills and orders makes the lane look early. Polling is the backstop."""

import asyncio
import json
from typing import Any, Protocol

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock

PING_S = 30.0
OPEN_LIMIT_S = 10.0
FILLS, ORDERS = "userFills", "orderUpdates"
PING = json.dumps({"method": "ping"})


class Listener(Protocol):
    """Who is told."""

    def connected(self) -> None:
        """Anything may have happened before."""

    def heard_fills(self, trade_ids: list[int]) -> None: ...

    def heard_orders(self, statuses: dict[int, str]) -> None:
        """The newest status by order id."""


class AccountFeed:
    """Listens for one account, for ever."""

    def __init__(self, api_url: str, address: str, listener: Listener, clock: Clock, log: Any) -> None:
        self._url = f"ws{api_url.removeprefix('http')}/ws"
        self._address, self._listener, self._clock, self._log = address, listener, clock, log

    async def run(self) -> None:
        pause = Backoff(base_s=0.5, cap_s=15)
        while True:
            try:
                await self._listen(pause)
            except (WebSocketException, OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
                reason = f"{type(error).__name__}: {error}"
                self._log.info("no account feed; polling meanwhile", address=self._address, reason=reason)
            await self._clock.sleep(pause.next_s())

    async def _listen(self, pause: Backoff) -> None:
        async with connect(self._url, open_timeout=OPEN_LIMIT_S, ping_interval=None, compression=None) as socket:
            for channel in (FILLS, ORDERS):
                subscription = {"type": channel, "user": self._address}
                await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
            pause.reset()
            self._listener.connected()
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
        message = json.loads(raw)
        data = message.get("data")
        if message.get("channel") == FILLS:
            self._listener.heard_fills([int(row["tid"]) for row in data["fills"]])
        elif message.get("channel") == ORDERS:
            self._listener.heard_orders({int(row["order"]["oid"]): str(row["status"]) for row in data})
