"""One series of candles as a snapshot shows it, with its indicators."""

from dataclasses import dataclass

from common.events import CandleSeries
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import Columns
from ingester.market.indicators import WARM_UP, Continuation, Indicators, compute_indicators

CANDLES_SHOWN = 20
VOLUME_LENGTH = 20
Shown = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class _Finished:
    """What all candles but the last contribute: at most CANDLES_SHOWN of them, opens to volumes, and the indicators."""

    key: tuple[int, int]
    times_ms: tuple[int, ...]
    shown: Shown
    continuation: Continuation | None


class SeriesBuilder:
    """Builds one series of every snapshot.

    What all candles but the last contribute is kept as long as they stay the same. So most snapshots cost a step from
    there to the last candle, whatever the number of candles; the result is the same, to within rounding.
    """

    def __init__(self, interval: str) -> None:
        self._interval, self._length_ms = interval, INTERVALS_MS[interval]
        self._finished: _Finished | None = None

    def build(self, columns: Columns, boundary_ms: int) -> CandleSeries:
        """The candles shown and the indicators over all of them; those that end at or before the boundary are closed.

        The indicators include the open candle, as charts show them; the average volume counts closed candles only.
        """
        count = len(columns.open_times_ms)
        if not count:
            return self._series((), ((),) * 5, compute_indicators(*columns.figures[1:4]), is_last_closed=False)
        finished = self._finished
        if finished is None or finished.key != (columns.revision, count):
            self._finished = finished = _finish(columns)
        last_ms: int = columns.open_times_ms.item(-1)
        last = columns.figures[:, -1].tolist()
        if finished.continuation is None:
            indicators = compute_indicators(*columns.figures[1:4])
        else:
            indicators = finished.continuation.step(*last[1:4])
        return self._series(
            (*finished.times_ms[1 - CANDLES_SHOWN :], last_ms),
            tuple([(*values[1 - CANDLES_SHOWN :], value) for values, value in zip(finished.shown, last, strict=True)]),
            indicators,
            is_last_closed=last_ms + self._length_ms <= boundary_ms,
            volumes_before=finished.shown[-1],
        )

    def _series(
        self,
        times_ms: tuple[int, ...],
        shown: Shown,
        indicators: Indicators,
        *,
        is_last_closed: bool,
        volumes_before: tuple[float, ...] = (),
    ) -> CandleSeries:
        opens, highs, lows, closes, volumes = shown
        ema20, ema50, macd, rsi7, rsi14, atr3, atr14 = indicators
        closed_volumes = volumes if is_last_closed else volumes_before
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
            volume_average=sum(closed_volumes) / VOLUME_LENGTH if len(closed_volumes) == VOLUME_LENGTH else None,
        )


def _finish(columns: Columns) -> _Finished:
    figures, count = columns.figures[:, :-1], len(columns.open_times_ms)
    return _Finished(
        (columns.revision, count),
        tuple(columns.open_times_ms[:-1][-CANDLES_SHOWN:].tolist()),
        tuple(tuple(row) for row in figures[:, -CANDLES_SHOWN:].tolist()),
        Continuation(*figures[1:4]) if count > WARM_UP else None,
    )
