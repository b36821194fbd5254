"""Requests to /info: the coins' maximum leverage and past candles, within the exchange's request budget."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx
from structlog.typing import FilteringBoundLogger

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.runtime.metrics import exchange as metrics
from common.runtime.outside.http import fetch
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.exchange.parse import parse_candle, parse_max_leverages
from ingester.exchange.request_rate_limiter import RequestRateLimiter
from ingester.exchange.wire import UnreadableFrame, decode_candles, decode_meta
from ingester.market.candles import KEPT_CANDLES, Candles, Series

BASE_WEIGHT = 20
CANDLES_PER_WEIGHT = 60
TIMEOUT_S = 10.0
T = TypeVar("T")
UNANSWERED = (httpx.HTTPError, UnreadableFrame)
"""What a question ends with that has no usable answer."""


class History:
    """Asks the exchange's /info. A failed request is repeated with jittered, growing pauses until it succeeds, but for
    those that nothing depends on (`lengthen`)."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        limiter: RequestRateLimiter,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        on_availability: Callable[[bool, str], None],
        on_answer: Callable[[dict[str, Any], bytes], None] | None = None,
    ) -> None:
        """`on_availability(is_available, reason)` is called after every request; `on_answer` gets usable answers."""
        self._client, self._url, self._limiter, self._clock, self._log = client, f"{url}/info", limiter, clock, log
        self._on_availability, self._on_answer = on_availability, on_answer
        self._asked_whole: set[Series] = set()

    async def fetch_max_leverages(self, coins: Sequence[Symbol]) -> dict[Symbol, int]:
        """Each coin's maximum leverage on the exchange."""
        return await self._request(
            {"type": "meta"}, BASE_WEIGHT, lambda body: parse_max_leverages(decode_meta(body), coins)
        )

    async def fill(self, candles: Candles, market_ms: Callable[[], int], *, is_connected: Callable[[], bool]) -> None:
        """Loads what each series lacks, short intervals of all coins first; ends early when the connection is lost.

        A series whose gap is known is requested from the gap on, any other one whole.
        """
        for interval in INTERVALS_MS:
            for series in candles.all_series:
                if series[1] == interval and series not in candles.complete and is_connected():
                    await self._fill_series(candles, series, market_ms())

    async def lengthen(
        self, candles: Candles, market_ms: Callable[[], int], *, is_connected: Callable[[], bool]
    ) -> bool:
        """Loads once the whole of each series with fewer than KEPT_CANDLES: what was restored may be an earlier
        version's, which kept fewer, or the exchange has no more. Ends early when there are gaps, which come first.
        Whether each of them has been answered; one that isn't is left to the next call, so that no gap waits for it."""
        for series in candles.all_series:
            is_short = len(candles.read(series)) < KEPT_CANDLES
            if is_short and series not in self._asked_whole and candles.is_complete and is_connected():
                with contextlib.suppress(*UNANSWERED):
                    await self._fill_series(candles, series, market_ms(), is_whole=True)
        return all(len(candles.read(each)) >= KEPT_CANDLES or each in self._asked_whole for each in candles.all_series)

    async def _fill_series(self, candles: Candles, series: Series, market_ms: int, *, is_whole: bool = False) -> None:
        symbol, interval = series
        length_ms = INTERVALS_MS[interval]
        earliest_ms = market_ms // length_ms * length_ms - (KEPT_CANDLES - 1) * length_ms
        start_ms = earliest_ms if is_whole else max(candles.gap_from_ms(series) or 0, earliest_ms)
        weight = BASE_WEIGHT + ((market_ms - start_ms) // length_ms + 1) / CANDLES_PER_WEIGHT
        request = {"coin": symbol.value, "interval": interval, "startTime": start_ms, "endTime": market_ms}
        generation = candles.generation
        rows = await self._request(
            {"type": "candleSnapshot", "req": request},
            weight,
            lambda body: [parse_candle(row) for row in decode_candles(body)],
            is_repeated=not is_whole,
        )
        if start_ms == earliest_ms:
            self._asked_whole.add(series)
        candles.add_history(series, rows, requested_in=generation)

    async def _request(
        self, body: dict[str, Any], weight: float, read: Callable[[bytes], T], *, is_repeated: bool = True
    ) -> T:
        """The answer; one that is not repeated raises one of UNANSWERED without."""
        pause = Backoff(base_s=0.5, cap_s=20)
        while True:
            await self._limiter.acquire(weight)
            try:
                answer = await fetch(self._client, self._url, limit_s=TIMEOUT_S, json=body)
                content = read(answer)
            except UNANSWERED as error:
                metrics.REQUESTS.labels(_result_of(error)).inc()
                reason = f"{body['type']}: {str(error) or type(error).__name__}"
                self._on_availability(False, reason)
                self._log.warning(
                    "no usable answer from the exchange; check HYPERLIQUID_API_URL; retrying", reason=reason
                )
                if not is_repeated:
                    raise
                await self._clock.sleep(pause.next_s())
            else:
                metrics.REQUESTS.labels("answered").inc()
                if self._on_answer is not None:
                    self._on_answer(body, answer)
                self._on_availability(True, "")
                return content


def _result_of(error: Exception) -> str:
    return "unanswered" if isinstance(error, httpx.TransportError) else "refused"
