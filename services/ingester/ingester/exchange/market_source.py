"""Where the market comes from, in Redis `market:source`: the real feed, recorded files, or a simulation; its speed."""

import json
from collections.abc import Callable
from typing import Literal

import httpx
import msgspec

from common.runtime.outages import is_outage
from common.runtime.outside.http import fetch, open_http_client
from common.runtime.service import Service
from ingester.config import IngesterSettings

SOURCE_KEY = "market:source"
REFRESH_EVERY_S = 5.0
TIMEOUT_S = 5.0


class About(msgspec.Struct):
    """A simulator's description of itself; its market runs `speed` times as fast as the wall clock."""

    market: Literal["LIVE", "CAPTURE", "SIMULATED"]
    speed: float = 1.0


REAL = About("LIVE")


class MarketSource:
    """On paper asks the simulator again and again, for a restarted one may play another market; else it is LIVE."""

    def __init__(self, service: Service, settings: IngesterSettings, is_connected: Callable[[], bool]) -> None:
        self._service, self._settings, self._is_connected = service, settings, is_connected

    async def run(self) -> None:
        """Refreshes the key as long as there is a connection; its age shows readers when there is none."""
        async with open_http_client(self._settings.api_url) as client:
            while True:
                if self._is_connected() and (about := await self._fetch(client)) is not None:
                    await self._write(about)
                await self._service.clock.sleep(REFRESH_EVERY_S)

    async def _fetch(self, client: httpx.AsyncClient) -> About | None:
        """None while the simulator doesn't answer."""
        if self._settings.hyperliquid_env != "paper":
            return REAL
        try:
            answer = await fetch(client, self._settings.api_url, limit_s=TIMEOUT_S)
            return msgspec.json.decode(answer, type=About)
        except (httpx.HTTPError, msgspec.MsgspecError):
            return None

    async def _write(self, about: About) -> None:
        value = json.dumps({"market": about.market, "speed": about.speed, "time_ms": self._service.clock.now_ms()})
        try:
            await self._service.redis.set(SOURCE_KEY, value)
        except Exception as error:
            if not is_outage(error):
                raise
            self._service.log.warning("the market's source was not written to Redis; retrying", reason=str(error))
