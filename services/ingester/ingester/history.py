"""Past candles from candleSnapshot, paced to stay within the exchange's weight budget."""

from typing import Any

import httpx

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.symbols import INTERVALS_MS, SYMBOLS, Symbol
from ingester.candles import Candles, Series, normalised
from ingester.wire import UnreadableFrame, candles_of, meta_of

BASE_WEIGHT = 20
CANDLES_PER_WEIGHT = 60
TIMEOUT_S = 10.0
ORDER = ("1m", "5m", "15m", "1h", "4h", "1d")


class Budget:
    """A bucket of weight that refills by the minute; starts full."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_s, self._size, self._left = per_minute / 60, float(per_minute), float(per_minute)
        self._clock, self._at = clock, clock.monotonic()

    async def spend(self, weight: float) -> None:
        """Waits until `weight` is there, then takes it."""
        self._refill()
        if self._left < weight:
            await self._clock.sleep((weight - self._left) / self._per_s)
            self._refill()
        self._left -= weight

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._left = min(self._size, self._left + (now - self._at) * self._per_s)
        self._at = now


class History:
    """Asks the exchange's /info. Failures are retried with jittered pauses as long as it takes."""

    def __init__(self, client: httpx.AsyncClient, url: str, budget: Budget, clock: Clock, log: Any) -> None:
        self._client, self._url, self._budget, self._clock, self._log = client, f"{url}/info", budget, clock, log

    async def max_leverages(self) -> dict[Symbol, int]:
        """Each coin's own maximum leverage. Raises ValueError when the exchange doesn't list one of the six."""
        meta = meta_of(await self._ask({"type": "meta"}, BASE_WEIGHT))
        listed = {asset.name: asset.maxLeverage for asset in meta.universe if not asset.isDelisted}
        missing = [symbol.value for symbol in SYMBOLS if symbol.value not in listed]
        if missing:
            raise ValueError(f"the exchange does not list {', '.join(missing)}; check HYPERLIQUID_API_URL")
        return {symbol: listed[symbol.value] for symbol in SYMBOLS}

    async def fill(self, candles: Candles, wanted: int, market_ms: int) -> None:
        """Loads what each series lacks, short intervals first; series already complete are left alone."""
        for interval in ORDER:
            for symbol in SYMBOLS:
                series = (symbol, interval)
                if series not in candles.complete:
                    await self._fill_one(candles, series, wanted, market_ms)

    async def _fill_one(self, candles: Candles, series: Series, wanted: int, market_ms: int) -> None:
        symbol, interval = series
        length = INTERVALS_MS[interval]
        known = candles.read(series)
        start = market_ms - wanted * length
        if len(known) >= wanted // 2 and known[0].open_ms <= market_ms - wanted // 2 * length:
            start = max(start, known[-2].open_ms)
        count = (market_ms - start) // length + 1
        request = {"coin": symbol.value, "interval": interval, "startTime": start, "endTime": market_ms}
        body = await self._ask({"type": "candleSnapshot", "req": request}, BASE_WEIGHT + count / CANDLES_PER_WEIGHT)
        candles.add_history(series, [*known, *(normalised(row) for row in candles_of(body))])

    async def _ask(self, body: dict[str, Any], weight: float) -> bytes:
        pause = Backoff(base_s=0.5, cap_s=20)
        while True:
            await self._budget.spend(weight)
            try:
                answer = await self._client.post(self._url, json=body, timeout=TIMEOUT_S)
                answer.raise_for_status()
            except (httpx.HTTPError, UnreadableFrame) as error:
                self._log.warning(
                    "the exchange does not answer; check HYPERLIQUID_API_URL; trying again",
                    request=body["type"],
                    reason=str(error) or type(error).__name__,
                )
                await self._clock.sleep(pause.next_s())
            else:
                return answer.content
