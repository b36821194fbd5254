"""What /info tells: the coins' maximum leverage, and past candles, paced to stay within the exchange's budget."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.candles import KEPT, Candles, Series, normalised
from ingester.wire import Meta, UnreadableFrame, candles_of, meta_of

BASE_WEIGHT = 20
CANDLES_PER_WEIGHT = 60
TIMEOUT_S = 10.0
WINDOW_S = 60.0
ORDER = ("1m", "5m", "15m", "1h", "4h", "1d")
T = TypeVar("T")


class Budget:
    """Weight spent over any minute stays within the limit; a single larger request waits for an empty minute."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._limit, self._clock = per_minute, clock
        self._spent: deque[tuple[float, float]] = deque()

    async def spend(self, weight: float) -> None:
        """Waits until `weight` is free, then takes it."""
        while self._in_window() + weight > self._limit and self._spent:
            await self._clock.sleep(max(0.0, self._spent[0][0] + WINDOW_S - self._clock.monotonic()))
        self._spent.append((self._clock.monotonic(), weight))

    def _in_window(self) -> float:
        while self._spent and self._spent[0][0] <= self._clock.monotonic() - WINDOW_S:
            self._spent.popleft()
        return sum(weight for _, weight in self._spent)


def max_leverages_of(meta: Meta) -> dict[Symbol, int]:
    """Each coin's own maximum leverage. Raises UnreadableFrame when one of the six isn't listed."""
    listed = {asset.name: asset.maxLeverage for asset in meta.universe if not asset.isDelisted}
    missing = [symbol.value for symbol in SYMBOLS if symbol.value not in listed]
    if missing:
        raise UnreadableFrame(f"the exchange does not list {', '.join(missing)}")
    return {symbol: listed[symbol.value] for symbol in SYMBOLS}


class History:
    """Asks the exchange's /info. Failures are retried with jittered pauses as long as it takes."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        budget: Budget,
        clock: Clock,
        log: Any,
        *,
        answering: Callable[[bool, str], None],
        heard: Callable[[dict[str, Any], bytes], None] | None = None,
    ) -> None:
        """`answering(bool, reason)` hears whether the exchange gives usable answers, `heard` each of those."""
        self._client, self._url, self._budget, self._clock, self._log = client, f"{url}/info", budget, clock, log
        self._answering, self._heard = answering, heard

    async def max_leverages(self) -> dict[Symbol, int]:
        """Each coin's own maximum leverage."""
        return await self._ask({"type": "meta"}, BASE_WEIGHT, lambda body: max_leverages_of(meta_of(body)))

    async def fill(self, candles: Candles, market_ms: Callable[[], int], *, is_connected: Callable[[], bool]) -> None:
        """Loads what each series lacks, short intervals first; ends early when the connection is lost."""
        for interval in ORDER:
            for symbol in SYMBOLS:
                if (symbol, interval) not in candles.complete and is_connected():
                    await self._fill_one(candles, (symbol, interval), market_ms())

    async def _fill_one(self, candles: Candles, series: Series, market_ms: int) -> None:
        symbol, interval = series
        length = INTERVALS_MS[interval]
        earliest = market_ms // length * length - (KEPT - 1) * length
        start = max(candles.gap_from_ms(series) or 0, earliest)
        weight = BASE_WEIGHT + ((market_ms - start) // length + 1) / CANDLES_PER_WEIGHT
        request = {"coin": symbol.value, "interval": interval, "startTime": start, "endTime": market_ms}
        generation = candles.generation
        rows = await self._ask(
            {"type": "candleSnapshot", "req": request},
            weight,
            lambda body: [normalised(row) for row in candles_of(body)],
        )
        candles.add_history(series, rows, asked_in=generation)

    async def _ask(self, body: dict[str, Any], weight: float, read: Callable[[bytes], T]) -> T:
        pause = Backoff(base_s=0.5, cap_s=20)
        while True:
            await self._budget.spend(weight)
            try:
                answer = await self._client.post(self._url, json=body, timeout=TIMEOUT_S)
                answer.raise_for_status()
                content = read(answer.content)
            except (httpx.HTTPError, UnreadableFrame) as error:
                reason = f"{body['type']}: {str(error) or type(error).__name__}"
                self._answering(False, reason)
                self._log.warning(
                    "no usable answer from the exchange; check HYPERLIQUID_API_URL; trying again", reason=reason
                )
                await self._clock.sleep(pause.next_s())
            else:
                if self._heard is not None:
                    self._heard(body, answer.content)
                self._answering(True, "")
                return content
