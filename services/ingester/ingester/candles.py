"""Candles of all coins and intervals: history and live updates merged, the newest 500 kept, oldest first."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.wire import UnreadableFrame, WireCandle, amount, price

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
ALL_SERIES: tuple[Series, ...] = tuple(itertools.product(SYMBOLS, INTERVALS_MS))


def normalised(wire: WireCandle) -> Candle:
    """A wire candle in our terms. Raises UnreadableFrame."""
    candle = Candle(wire.t, price(wire.o), price(wire.h), price(wire.l), price(wire.c), amount(wire.v), wire.n)
    if not candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high:
        raise UnreadableFrame(f"candle: high and low don't hold open and close: {wire}")
    return candle


def _newer(held: Candle | None, candle: Candle) -> Candle:
    """Of two states of one candle the one that has seen more trades; both of one count: the one that came later."""
    return candle if held is None or candle.trade_count >= held.trade_count else held


class Candles:
    """All series.

    `complete` names those without a gap; `generation` counts the losses of the connection.
    """

    def __init__(self) -> None:
        self._series: dict[Series, dict[int, Candle]] = {series: {} for series in ALL_SERIES}
        self._gap_from_ms: dict[Series, int] = {}
        self._changed: dict[Series, int] = {}
        self.complete: set[Series] = set()
        self.generation = 0

    def add(self, series: Series, candle: Candle) -> None:
        """Enters a live candle. The first one after a reconnection closes the gap if it still is the one known last."""
        newest = self.newest_open_ms(series)
        self._enter(series, [candle])
        if series not in self.complete and newest == candle.open_ms == self._gap_from_ms.get(series):
            self.complete.add(series)

    def add_history(self, series: Series, candles: Iterable[Candle], *, asked_in: int) -> None:
        """Enters the exchange's own past; closes the gap unless the connection was lost since `asked_in`."""
        self._enter(series, candles)
        if asked_in == self.generation:
            self.complete.add(series)

    def restore(self, series: Series, candles: Sequence[Candle], wanted: int) -> None:
        """Enters what the cache held. Its last two candles may not be final, and what follows is missing."""
        self._enter(series, candles)
        self._changed.pop(series, None)
        length = INTERVALS_MS[series[1]]
        breaks = [one.open_ms for one, next_ in itertools.pairwise(candles) if next_.open_ms - one.open_ms != length]
        if len(candles) >= max(2, wanted // 2):
            self._gap_from_ms[series] = min([candles[-2].open_ms, *breaks])

    def disconnected(self) -> None:
        """What is complete may have a gap from its newest candle on."""
        self.generation += 1
        for series in self.complete:
            newest = self.newest_open_ms(series)
            if newest is not None:
                self._gap_from_ms[series] = newest
        self.complete.clear()

    def gap_from_ms(self, series: Series) -> int | None:
        """The open time from which on candles may be missing or not final; None: all of them."""
        return self._gap_from_ms.get(series)

    def read(self, series: Series) -> list[Candle]:
        """Oldest first."""
        return list(self._series[series].values())

    def newest_open_ms(self, series: Series) -> int | None:
        rows = self._series[series]
        return next(reversed(rows)) if rows else None

    @property
    def is_complete(self) -> bool:
        return len(self.complete) == len(self._series)

    def touch(self, series: Series) -> None:
        """Counts a whole series as changed."""
        self._changed[series] = 0

    def take_changed(self) -> dict[Series, int]:
        """The earliest changed open time of each changed series; they count as unchanged afterwards."""
        changed, self._changed = self._changed, {}
        return changed

    def _enter(self, series: Series, candles: Iterable[Candle]) -> None:
        rows = self._series[series]
        newest = self.newest_open_ms(series) or 0
        is_sorted = True
        for candle in candles:
            rows[candle.open_ms] = _newer(rows.get(candle.open_ms), candle)
            is_sorted = is_sorted and candle.open_ms >= newest
            # A candle closes the one before it.
            since_ms = newest if 0 < newest < candle.open_ms else candle.open_ms
            self._changed[series] = min(self._changed.get(series, since_ms), since_ms)
            newest = max(newest, candle.open_ms)
        if not is_sorted:
            self._series[series] = rows = dict(sorted(rows.items()))
        while len(rows) > KEPT:
            del rows[next(iter(rows))]
