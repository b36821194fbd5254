"""Candles of all coins and intervals: history and live updates merged, the newest KEPT_CANDLES kept, oldest first."""

import itertools
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS

KEPT_CANDLES = 700
"""After so many, an average of 50 is the one over all history to 1e-9, even where every candle moves by a tenth."""
ROOM = 2 * KEPT_CANDLES
Floats = NDArray[np.float64]


class Candle(NamedTuple):
    """One candle, stamped with its open time; volume in coin. Closed when market time has passed its end."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trade_count: int


Series = tuple[Symbol, str]
"""A coin and an interval."""


def list_series(coins: Sequence[Symbol]) -> tuple[Series, ...]:
    """Every series of these coins."""
    return tuple(itertools.product(coins, INTERVALS_MS))


class Columns(NamedTuple):
    """Candles as floats, oldest first, prices in USD and volumes in coin: views of what is kept, never to be changed.

    `figures` is of shape (5, n); its rows are opens, highs, lows, closes, volumes. While `revision` stays the same, all
    candles but the last do.
    """

    open_times_ms: NDArray[np.int64]
    figures: Floats
    revision: int


class CandleWindow:
    """The newest KEPT_CANDLES of one series, as candles by open time and as floats in columns, both oldest first.

    The columns have room for as many candles again: a new one is written behind the last, and only when the room is
    used up do the kept ones move to its front. So a live candle costs the same however many are kept, and reading the
    columns costs no conversion. After a candle out of order both are sorted again.
    """

    def __init__(self) -> None:
        self._candles: dict[int, Candle] = {}
        self._times = np.zeros(ROOM, np.int64)
        self._figures = np.zeros((5, ROOM))
        self._start = self._end = self._revision = 0
        self.newest_open_ms: int | None = None

    def merge(self, candles: Iterable[Candle]) -> None:
        """Of two states of one candle the one with more trades stays; of equal counts the one that came later."""
        is_in_order = True
        for candle in candles:
            known = self._candles.get(candle.open_ms)
            if known is not None and candle.trade_count < known.trade_count:
                continue
            self._candles[candle.open_ms] = candle
            if candle.open_ms < (self.newest_open_ms or 0):
                is_in_order = False
            if is_in_order:
                self._write(candle)
        if not is_in_order:
            self._sort()

    def read(self) -> list[Candle]:
        return list(self._candles.values())

    def columns(self, before_ms: int) -> Columns:
        """The candles that open before a time."""
        end = self._end
        if (self.newest_open_ms or 0) >= before_ms:
            end = self._start + int(np.searchsorted(self._times[self._start : end], before_ms))
        kept = slice(self._start, end)
        return Columns(self._times[kept], self._figures[:, kept], self._revision)

    def _write(self, candle: Candle) -> None:
        """Writes the newest candle, another state of it, or the one that follows."""
        if candle.open_ms != self.newest_open_ms:
            if self._end - self._start == KEPT_CANDLES:
                del self._candles[next(iter(self._candles))]
                self._start += 1
            if self._end == ROOM:
                self._move_to_front()
            self._end += 1
            self._revision += 1
            self.newest_open_ms = candle.open_ms
        self._times[self._end - 1] = candle.open_ms
        self._figures[:, self._end - 1] = _floats(candle)

    def _move_to_front(self) -> None:
        count = self._end - self._start
        for array in (self._times, self._figures):
            array[..., :count] = array[..., self._start : self._end].copy()
        self._start, self._end = 0, count

    def _sort(self) -> None:
        kept = sorted(self._candles.items())[-KEPT_CANDLES:]
        self._candles = dict(kept)
        self._start, self._end, self.newest_open_ms = 0, len(kept), kept[-1][0]
        self._revision += 1
        self._times[: len(kept)] = [open_ms for open_ms, _ in kept]
        self._figures[:, : len(kept)] = np.transpose([_floats(candle) for _, candle in kept])


def _floats(candle: Candle) -> tuple[float, ...]:
    """In the order of the columns."""
    return float(candle.open), float(candle.high), float(candle.low), float(candle.close), float(candle.volume)


class Candles:
    """All series, and for each whether it may have a gap.

    A series is in `complete` while nothing is missing in it. `mark_disconnected` empties that set and remembers the
    newest open time of each series that was complete: from there on candles may be missing or not final. A series
    becomes complete again when its first live candle is still the one that was known last, or when history that was
    requested after the latest loss arrives; `generation` counts the losses, so that an answer requested before a loss
    closes nothing.
    """

    def __init__(self, coins: Sequence[Symbol]) -> None:
        self._series = {series: CandleWindow() for series in list_series(coins)}
        self._gap_from_ms: dict[Series, int] = {}
        self._changed: dict[Series, int] = {}
        self.complete: set[Series] = set()
        self.generation = 0

    @property
    def all_series(self) -> tuple[Series, ...]:
        return tuple(self._series)

    def add(self, series: Series, candle: Candle) -> None:
        """Merges a live candle; closes the gap when it is still the candle that was known last."""
        newest_ms = self.newest_open_ms(series)
        self._merge(series, (candle,))
        if series not in self.complete and newest_ms == candle.open_ms == self._gap_from_ms.get(series):
            self.complete.add(series)

    def add_history(self, series: Series, candles: Sequence[Candle], *, requested_in: int) -> None:
        """Merges the exchange's history; closes the gap unless the connection was lost since `requested_in`."""
        self._merge(series, candles)
        if requested_in == self.generation:
            self.complete.add(series)

    def restore(self, series: Series, candles: Sequence[Candle], expected: int) -> None:
        """Merges what the cache held; the series stays incomplete.

        The gap begins at the last candle but one, for the last two may not be final, or at the first hole. Fewer than
        half of the expected candles count as none: the whole series is requested.
        """
        self._merge(series, candles)
        self._changed.pop(series, None)
        length_ms = INTERVALS_MS[series[1]]
        holes = [one.open_ms for one, next_ in itertools.pairwise(candles) if next_.open_ms - one.open_ms != length_ms]
        if len(candles) >= max(2, expected // 2):
            self._gap_from_ms[series] = min([candles[-2].open_ms, *holes])

    def mark_disconnected(self) -> None:
        """Notes that every complete series may have a gap from its newest candle on."""
        self.generation += 1
        for series in self.complete:
            newest_ms = self.newest_open_ms(series)
            if newest_ms is not None:
                self._gap_from_ms[series] = newest_ms
        self.complete.clear()

    def gap_from_ms(self, series: Series) -> int | None:
        """The open time from which on candles may be missing or not final; None: all of them."""
        return self._gap_from_ms.get(series)

    def read(self, series: Series) -> list[Candle]:
        """Oldest first."""
        return self._series[series].read()

    def window(self, series: Series) -> CandleWindow:
        """The series itself, to be read from; it stays the same object."""
        return self._series[series]

    def newest_open_ms(self, series: Series) -> int | None:
        return self._series[series].newest_open_ms

    @property
    def is_complete(self) -> bool:
        return len(self.complete) == len(self._series)

    def mark_changed(self, series: Series) -> None:
        """Counts a whole series as changed."""
        self._changed[series] = 0

    def pop_changed(self) -> dict[Series, int]:
        """The earliest changed open time of each changed series; they count as unchanged afterwards."""
        changed, self._changed = self._changed, {}
        return changed

    def _merge(self, series: Series, candles: Sequence[Candle]) -> None:
        window, since_ms = self._series[series], self._changed.get(series)
        newest_ms = window.newest_open_ms or 0
        for candle in candles:
            # A new candle closes the one before, so that one changes too.
            changed_ms = newest_ms if 0 < newest_ms < candle.open_ms else candle.open_ms
            if since_ms is None or changed_ms < since_ms:
                self._changed[series] = since_ms = changed_ms
            newest_ms = max(newest_ms, candle.open_ms)
        window.merge(candles)
