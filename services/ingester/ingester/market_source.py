"""Says where the market comes from: the real feed, recorded files, or a simulation; in Redis `market:source`."""

import json
from collections.abc import Callable
from typing import Literal

import httpx
import msgspec
from redis.exceptions import RedisError

from common.runtime.service import Service
from ingester.config import IngesterSettings

SOURCE_KEY = "market:source"
ASK_EVERY_S = 5.0
TIMEOUT_S = 5.0


class About(msgspec.Struct):
    """What a simulator tells about itself."""

    market: Literal["LIVE", "CAPTURE", "SIMULATED"]


class MarketSource:
    """On paper the simulator is asked, for a restarted one may play another market; elsewhere it is the real one."""

    def __init__(self, service: Service, settings: IngesterSettings, is_connected: Callable[[], bool]) -> None:
        self._service, self._settings, self._is_connected = service, settings, is_connected

    async def run(self) -> None:
        """Keeps the key true, for ever."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            while True:
                if self._is_connected() and (market := await self._market(client)) is not None:
                    await self._write(market)
                await self._service.clock.sleep(ASK_EVERY_S)

    async def _market(self, client: httpx.AsyncClient) -> str | None:
        """None while nothing is known."""
        if self._settings.hyperliquid_env != "paper":
            return "LIVE"
        try:
            answer = await client.get(self._settings.api_url)
            return msgspec.json.decode(answer.raise_for_status().content, type=About).market
        except (httpx.HTTPError, msgspec.MsgspecError):
            return None

    async def _write(self, market: str) -> None:
        value = json.dumps({"market": market, "time_ms": self._service.clock.now_ms()})
        try:
            await self._service.redis.set(SOURCE_KEY, value)
        except (RedisError, OSError) as error:
            self._service.log.warning("the market's source was not cached; trying again", reason=str(error))
