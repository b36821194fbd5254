"""Candles of all coins and intervals: history and live updates merged, the newest 500 kept, oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from common.trading.symbols import INTERVALS_MS, SYMBOLS, Symbol
from ingester.wire import WireCandle

KEPT = 500


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle, stamped with its open time; volume in coin. Closed when market time has passed its end."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trade_count: int


Series = tuple[Symbol, str]


def normalised(wire: WireCandle) -> Candle:
    """A wire candle in our terms."""
    prices = (Decimal(wire.o), Decimal(wire.h), Decimal(wire.l), Decimal(wire.c))
    return Candle(wire.t, *prices, Decimal(wire.v), wire.n)


class Candles:
    """All series. `dirty` and `reloaded` name what changed at its end or throughout since the cache was written."""

    def __init__(self) -> None:
        self._series: dict[Series, dict[int, Candle]] = {
            (symbol, interval): {} for symbol in SYMBOLS for interval in INTERVALS_MS
        }
        self.complete: set[Series] = set()
        self.dirty: set[Series] = set()
        self.reloaded: set[Series] = set()

    def add(self, series: Series, candle: Candle) -> None:
        """Enters a candle; one of the same open time is replaced."""
        rows = self._series[series]
        is_newest = not rows or candle.open_ms >= next(reversed(rows))
        rows[candle.open_ms] = candle
        if not is_newest:
            self._series[series] = rows = dict(sorted(rows.items()))
        while len(rows) > KEPT:
            del rows[next(iter(rows))]
        self.dirty.add(series)

    def add_history(self, series: Series, candles: Iterable[Candle]) -> None:
        """Enters history below what is live: a live candle of the same open time is newer and stays."""
        live = self._series[series]
        merged = {candle.open_ms: candle for candle in candles} | live
        newest = sorted(merged.items())[-KEPT:]
        self._series[series] = dict(newest)
        self.complete.add(series)
        self.dirty.add(series)
        self.reloaded.add(series)

    def forget_completeness(self) -> None:
        """After a disconnection every series may have a gap."""
        self.complete.clear()

    def read(self, series: Series) -> list[Candle]:
        """Oldest first."""
        return list(self._series[series].values())

    def newest_open_ms(self, series: Series) -> int | None:
        rows = self._series[series]
        return next(reversed(rows)) if rows else None

    @property
    def is_complete(self) -> bool:
        return len(self.complete) == len(self._series)
