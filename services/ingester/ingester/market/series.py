"""One series of candles as a snapshot shows it, with its indicators."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.events import CandleSeries
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import CandleWindow, Columns, Floats
from ingester.market.indicators import WARM_UP, Continuation, Indicators, compute_indicators

CANDLES_SHOWN = 20
VOLUME_LENGTH = 20
Shown = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class _Finished:
    """What all candles but the last contribute: at most CANDLES_SHOWN of them, opens to volumes, and the indicators."""

    times_ms: tuple[int, ...]
    shown: Shown
    volume_average: float | None
    continuation: Continuation


class SeriesBuilder:
    """Builds one series of every snapshot.

    While the last candle is open, what the others contribute is kept for as long as they stay the same, and a snapshot
    costs a step from there, whatever the number of candles. Which way is taken depends on the candles and the boundary
    alone, so that the same state gives the same series to the last digit.
    """

    def __init__(self, window: CandleWindow, interval: str) -> None:
        self._window = window
        self._interval, self._length_ms = interval, INTERVALS_MS[interval]
        self._version: tuple[int, int] | None = None
        self._finished: _Finished | None = None

    def build(self, boundary_ms: int) -> CandleSeries:
        """The candles shown and the indicators over all; those that end at or before the boundary are closed.

        Candles that open at the boundary or later are left out. The indicators include the open candle, as charts show
        them; the average volume counts closed candles only.
        """
        columns = self._window.columns(boundary_ms)
        count = len(columns.open_times_ms)
        is_last_closed = count > 0 and columns.open_times_ms.item(-1) + self._length_ms <= boundary_ms
        if is_last_closed or count <= WARM_UP:
            times_ms, shown = _show(columns.open_times_ms, columns.figures)
            indicators = compute_indicators(*columns.figures[1:4])
            volume_average = _mean_volume(columns.figures[-1, : count if is_last_closed else -1])
            return self._series(times_ms, shown, indicators, volume_average, is_last_closed=is_last_closed)
        version = (columns.revision, count)
        if self._finished is None or self._version != version:
            self._finished, self._version = _finish(columns), version
        finished, last = self._finished, columns.figures[:, -1].tolist()
        times_ms = (*finished.times_ms[1 - CANDLES_SHOWN :], columns.open_times_ms.item(-1))
        shown = tuple([(*row[1 - CANDLES_SHOWN :], value) for row, value in zip(finished.shown, last, strict=True)])
        indicators = finished.continuation.step(*last[1:4])
        return self._series(times_ms, shown, indicators, finished.volume_average, is_last_closed=False)

    def _series(
        self,
        times_ms: tuple[int, ...],
        shown: Shown,
        indicators: Indicators,
        volume_average: float | None,
        *,
        is_last_closed: bool,
    ) -> CandleSeries:
        opens, highs, lows, closes, volumes = shown
        ema20, ema50, macd, rsi7, rsi14, atr3, atr14 = indicators
        return CandleSeries.unchecked(
            interval=self._interval,
            open_times_ms=times_ms,
            opens=opens,
            highs=highs,
            lows=lows,
            closes=closes,
            volumes=volumes,
            is_last_closed=is_last_closed,
            ema20=ema20,
            ema50=ema50,
            macd=macd,
            rsi7=rsi7,
            rsi14=rsi14,
            atr3=atr3,
            atr14=atr14,
            volume_average=volume_average,
        )


def _mean_volume(volumes: Floats) -> float | None:
    """Of the newest closed candles, to ten digits; None before there are VOLUME_LENGTH."""
    newest = volumes[-VOLUME_LENGTH:].tolist()
    return float(f"{sum(newest) / VOLUME_LENGTH:.10g}") if len(newest) == VOLUME_LENGTH else None


def _show(open_times_ms: NDArray[np.int64], figures: Floats) -> tuple[tuple[int, ...], Shown]:
    times_ms = tuple(open_times_ms[-CANDLES_SHOWN:].tolist())
    return times_ms, tuple([tuple(row) for row in figures[:, -CANDLES_SHOWN:].tolist()])


def _finish(columns: Columns) -> _Finished:
    figures = columns.figures[:, :-1]
    times_ms, shown = _show(columns.open_times_ms[:-1], figures)
    return _Finished(times_ms, shown, _mean_volume(figures[-1]), Continuation(*figures[1:4]))
