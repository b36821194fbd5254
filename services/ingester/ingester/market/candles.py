"""Candles of all coins and intervals: history and live updates merged, the newest 500 kept, oldest first."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS

KEPT_CANDLES = 500


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
"""A coin and an interval."""


def list_series(coins: Sequence[Symbol]) -> tuple[Series, ...]:
    """Every series of these coins."""
    return tuple(itertools.product(coins, INTERVALS_MS))


def _pick_newer(known: Candle | None, candle: Candle) -> Candle:
    """Of two states of one candle the one with more trades; of equal counts the one that came later."""
    return candle if known is None or candle.trade_count >= known.trade_count else known


class Candles:
    """All series, and for each whether it may have a gap.

    A series is in `complete` while nothing is missing in it. `mark_disconnected` empties that set and remembers the
    newest open time of each series that was complete: from there on candles may be missing or not final. A series
    becomes complete again when its first live candle is still the one that was known last, or when history that was
    requested after the latest loss arrives; `generation` counts the losses, so that an answer requested before a loss
    closes nothing.
    """

    def __init__(self, coins: Sequence[Symbol]) -> None:
        self._series: dict[Series, dict[int, Candle]] = {series: {} for series in list_series(coins)}
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
        self._merge(series, [candle])
        if series not in self.complete and newest_ms == candle.open_ms == self._gap_from_ms.get(series):
            self.complete.add(series)

    def add_history(self, series: Series, candles: Iterable[Candle], *, requested_in: int) -> None:
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
        return list(self._series[series].values())

    def newest_open_ms(self, series: Series) -> int | None:
        rows = self._series[series]
        return next(reversed(rows)) if rows else None

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

    def _merge(self, series: Series, candles: Iterable[Candle]) -> None:
        rows = self._series[series]
        newest_ms = self.newest_open_ms(series) or 0
        is_sorted = True
        for candle in candles:
            rows[candle.open_ms] = _pick_newer(rows.get(candle.open_ms), candle)
            is_sorted = is_sorted and candle.open_ms >= newest_ms
            # A new candle closes the one before, so that one changes too.
            since_ms = newest_ms if 0 < newest_ms < candle.open_ms else candle.open_ms
            self._changed[series] = min(self._changed.get(series, since_ms), since_ms)
            newest_ms = max(newest_ms, candle.open_ms)
        if not is_sorted:
            self._series[series] = rows = dict(sorted(rows.items()))
        while len(rows) > KEPT_CANDLES:
            del rows[next(iter(rows))]
