"""A market for the benches: every coin known, 500 candles in every series, and a minute more whenever asked for."""

import random
import sys
from decimal import Decimal
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from ingester_frames import COINS, known_feed

from common.events import MarketSnapshot
from common.trading.durations import MINUTE_MS
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import KEPT_CANDLES, Candle, list_series
from ingester.market.cycles import Cycle, Run
from ingester.market.snapshot import freeze

T0_MS = 1_790_000_040_000
SERIES = list_series(COINS)
RETURN = 0.003


class Market:
    """Prices walk at random, the same way in every run."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self.boundary_ms = T0_MS
        self.state = known_feed(T0_MS).market
        self._closes = dict.fromkeys(SERIES, 100_000.0)
        for series in SERIES:
            length_ms = INTERVALS_MS[series[1]]
            last_ms = (T0_MS - 1) // length_ms * length_ms
            opens_ms = range(last_ms - (KEPT_CANDLES - 1) * length_ms, last_ms + 1, length_ms)
            rows = [self._candle(series, open_ms) for open_ms in opens_ms]
            self.state.candles.add_history(series, rows, requested_in=0)

    def advance(self) -> None:
        """A minute later, with a candle of every series that opened or moved in it."""
        self.boundary_ms += MINUTE_MS
        for series in SERIES:
            length_ms = INTERVALS_MS[series[1]]
            self.state.candles.add(series, self._candle(series, (self.boundary_ms - 1) // length_ms * length_ms))

    def freeze(self) -> MarketSnapshot:
        return freeze(
            self.state,
            Cycle(self.boundary_ms, 0),
            Run("bench", T0_MS, "paper"),
            interval_s=60,
            fresh_since_ms=T0_MS,
            max_leverages=dict.fromkeys(COINS, 25),
            sentiment=None,
        )

    def _candle(self, series: tuple[str, str], open_ms: int) -> Candle:
        first = self._closes[series]  # type: ignore[index]
        last = first * (1 + self._random.gauss(0, RETURN))
        self._closes[series] = last  # type: ignore[index]
        prices = (first, max(first, last) + 5, min(first, last) - 5, last)
        numbers = [Decimal(f"{price:.1f}") for price in prices]
        return Candle(open_ms, *numbers, Decimal(f"{self._random.random() * 100:.5f}"), 50)
