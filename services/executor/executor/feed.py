"""The account's own WebSocket: any news of fills or orders makes the lane look at once. The polling is the backstop."""

import json
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from executor.lane import Lane

PING_S = 30.0
OPEN_LIMIT_S = 10.0
CHANNELS = ("userFills", "orderUpdates")


class AccountFeed:
    """Listens for one lane, for ever."""

    def __init__(self, api_url: str, lane: Lane, clock: Clock, log: Any) -> None:
        self._url = f"ws{api_url.removeprefix('http')}/ws"
        self._lane, self._clock, self._log = lane, clock, log

    async def run(self) -> None:
        pause = Backoff(base_s=0.5, cap_s=15)
        while True:
            try:
                async with connect(
                    self._url, open_timeout=OPEN_LIMIT_S, ping_interval=PING_S, compression=None
                ) as socket:
                    for channel in CHANNELS:
                        subscription = {"type": channel, "user": self._lane.venue.address}
                        await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
                    pause.reset()
                    self._lane.kick()
                    async for raw in socket:
                        if json.loads(raw).get("channel") in CHANNELS:
                            self._lane.kick()
            except (WebSocketException, OSError, TimeoutError, ValueError) as error:
                self._log.info("no account feed; polling meanwhile", model=self._lane.model, reason=str(error))
            await self._clock.sleep(pause.next_s())
