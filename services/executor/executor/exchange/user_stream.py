"""The account's own WebSocket: what it reports of fills and orders makes the worker poll early."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from structlog.typing import FilteringBoundLogger
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.outside.proxies import websocket_proxy
from common.trading.instruments import Symbol
from executor.domain.account import LIVE_STATUSES, Fill
from executor.exchange.errors import UNREADABLE
from executor.exchange.parse import parse_fills

PING_INTERVAL_S: Final = 30.0
OPEN_TIMEOUT_S: Final = 10.0
FILLS, ORDERS = "userFills", "orderUpdates"
PING: Final = json.dumps({"method": "ping"})


@dataclass(frozen=True, slots=True)
class StreamedFill:
    """One reported fill; `fill` is None where more than its id can't be read, or on a coin outside the arena."""

    trade_id: int
    fill: Fill | None


class Listener(Protocol):
    """Who hears of an account's fills and orders."""

    def refresh(self) -> None:
        """The stream was disconnected until now: anything may have happened."""

    def on_fills(self, fills: list[StreamedFill]) -> None: ...

    def on_orders(self, statuses: dict[int, str], ended: set[str]) -> None:
        """The newest status by order id, and the client order ids of those that are open no more."""


class UserStream:
    """Listens for one account, reconnecting for ever.

    It is only a hint: every message may be lost, repeated or late, and the worker's polls find the same out a few
    seconds later. After each connect the listener is asked to refresh, as messages of the gap are gone.
    """

    def __init__(
        self,
        *,
        api_url: str,
        address: str,
        listener: Listener,
        clock: Clock,
        log: FilteringBoundLogger,
        on_change: Callable[[bool], None] = lambda is_open: None,
    ) -> None:
        self.address, self._on_change = address, on_change
        self._url = f"ws{api_url.removeprefix('http')}/ws"
        self._listener, self._clock, self._log = listener, clock, log

    async def run(self) -> None:
        """Runs until cancelled."""
        pause = Backoff(base_s=0.5, cap_s=15)
        while True:
            try:
                await self._listen(pause)
            except (WebSocketException, OSError, TimeoutError, *UNREADABLE) as error:
                reason = f"{type(error).__name__}: {error}"
                self._log.info("account stream disconnected; polling meanwhile", address=self.address, reason=reason)
            self._on_change(False)
            await self._clock.sleep(pause.next_s())

    def dispatch(self, raw: str | bytes) -> None:
        """Hands one message to the listener. Raises on a message of another shape, which ends the connection."""
        message = json.loads(raw)
        data = message.get("data")
        if message.get("channel") == FILLS:
            self._listener.on_fills([StreamedFill(int(row["tid"]), _fill_in(row)) for row in data["fills"]])
        elif message.get("channel") == ORDERS:
            statuses = {int(row["order"]["oid"]): str(row["status"]) for row in data}
            ended = {row["order"].get("cloid") for row in data if row["status"] not in LIVE_STATUSES}
            self._listener.on_orders(statuses, ended - {None})

    async def _listen(self, pause: Backoff) -> None:
        async with connect(
            self._url,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=None,
            compression=None,
            proxy=websocket_proxy(self._url),
        ) as socket:
            for channel in (FILLS, ORDERS):
                subscription = {"type": channel, "user": self.address}
                await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
            pause.reset()
            self._on_change(True)
            self._listener.refresh()
            while True:
                try:
                    async with asyncio.timeout(PING_INTERVAL_S):
                        raw = await socket.recv()
                except TimeoutError:
                    # The exchange hangs up after a silent minute; its pong proves that the connection lives.
                    await self._check_alive(socket)
                    continue
                self.dispatch(raw)

    async def _check_alive(self, socket: Any) -> None:
        await socket.send(PING)
        async with asyncio.timeout(PING_INTERVAL_S):
            self.dispatch(await socket.recv())


def _fill_in(row: dict[str, Any]) -> Fill | None:
    return next(iter(parse_fills([row], tuple(Symbol))), None)
