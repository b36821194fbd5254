"""Keeps the candle series whole: from the cache at start, from the exchange's history after every gap."""

from collections.abc import Callable
from typing import Any

from common.runtime.outside.http import open_http_client
from common.runtime.service import Service
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from ingester.config import IngesterSettings
from ingester.exchange.history import History
from ingester.exchange.request_rate_limiter import RequestRateLimiter
from ingester.tasks.session import MarketSession

CHECK_EVERY_S = 0.5
LIVE_CANDLES_WITHIN_S = 2.0
LENGTHEN_EVERY_S = 60.0
"""Between two tries to lengthen series that the exchange has not answered for."""


class Backfill:
    """Fetches the coins' maximum leverage once, then fills gaps for as long as it runs.

    `max_leverages` is empty until the exchange has answered; no snapshot is taken before. After a connection it waits
    LIVE_CANDLES_WITHIN_S, because the first live candles show which series have no gap at all.
    """

    def __init__(
        self,
        service: Service,
        settings: IngesterSettings,
        session: MarketSession,
        on_answer: Callable[[dict[str, Any], bytes], None] | None,
    ) -> None:
        self._service, self._settings, self._session, self._on_answer = service, settings, session, on_answer
        self.max_leverages: dict[Symbol, int] = {}

    async def run(self) -> None:
        session, clock, candles = self._session, self._service.clock, self._session.market.candles
        async with open_http_client(self._settings.api_url) as client:
            history = History(
                client,
                self._settings.api_url,
                RequestRateLimiter(self._settings.history_weight, clock),
                clock,
                self._service.log,
                on_availability=self._report_availability,
                on_answer=self._on_answer,
            )
            self.max_leverages = await history.fetch_max_leverages(list(session.market.coins))
            lengthened_s: float | None = None
            while True:
                has_live_candles = session.connected_for_s() >= LIVE_CANDLES_WITHIN_S
                is_ready = session.market_ms() and session.is_connected and has_live_candles
                if is_ready and not candles.is_complete:
                    await history.fill(candles, session.market_ms, is_connected=lambda: session.is_connected)
                    self._service.log.info(
                        "candle history loaded",
                        complete_series=len(candles.complete),
                        all_series=len(candles.all_series),
                    )
                    lengthened_s = NEVER
                elif is_ready and lengthened_s is not None and clock.monotonic() - lengthened_s >= LENGTHEN_EVERY_S:
                    lengthened_s = clock.monotonic()
                    if await history.lengthen(candles, session.market_ms, is_connected=lambda: session.is_connected):
                        lengthened_s = None
                await clock.sleep(CHECK_EVERY_S)

    def _report_availability(self, is_available: bool, reason: str) -> None:
        self._service.set_ready("exchange", is_available or bool(self.max_leverages), reason)
