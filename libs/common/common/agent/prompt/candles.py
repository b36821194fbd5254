"""Finished candles with their indicators, as tables: one an interval, one line a coin. Pure.

A table changes only when a candle of its interval ends, so that a prompt repeats it word for word until then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.agent.prompt.figures import figure, series
from common.events import CandleSeries
from common.trading.instruments import Symbol

PRICE_DIGITS: Final = 5
"""As fine as the exchange's own prices."""
OSCILLATOR_DIGITS: Final = 3
RANGE_CANDLES: Final = 12
ATR_LENGTH: Final = 14


@dataclass(frozen=True, slots=True)
class FinishedCandles:
    """One interval's candles without the open one; arrays as in CandleSeries, `atr14` in USD."""

    closes: Sequence[float]
    highs: Sequence[float]
    lows: Sequence[float]
    volumes: Sequence[float]
    ema20: Sequence[float]
    ema50: Sequence[float]
    macd: Sequence[float]
    rsi7: Sequence[float]
    rsi14: Sequence[float]
    atr14: float | None
    volume_average: float | None


def finished(candles: CandleSeries) -> FinishedCandles:
    """The candles that have ended. Every indicator but the ATR is a series, whose newest value goes with its candle."""
    end = None if candles.is_last_closed else -1
    return FinishedCandles(
        closes=candles.closes[:end],
        highs=candles.highs[:end],
        lows=candles.lows[:end],
        volumes=candles.volumes[:end],
        ema20=candles.ema20[:end],
        ema50=candles.ema50[:end],
        macd=candles.macd[:end],
        rsi7=candles.rsi7[:end],
        rsi14=candles.rsi14[:end],
        atr14=candles.atr14 if candles.is_last_closed else _atr14_before(candles),
        volume_average=candles.volume_average,
    )


def _atr14_before(candles: CandleSeries) -> float | None:
    """Wilder's ATR one candle earlier: each true range enters the average with a weight of 1/14, which is taken out."""
    if candles.atr14 is None or len(candles.closes) < ATR_LENGTH + 2:
        return None
    high, low, before = candles.highs[-1], candles.lows[-1], candles.closes[-2]
    true_range = max(high - low, abs(high - before), abs(low - before))
    return (ATR_LENGTH * candles.atr14 - true_range) / (ATR_LENGTH - 1)


def _last(values: Sequence[float], digits: int = PRICE_DIGITS) -> str:
    return figure(values[-1], digits) if values else figure(None)


def _atr_percent(candles: FinishedCandles) -> str:
    if candles.atr14 is None or not candles.closes:
        return figure(None)
    return figure(candles.atr14 / candles.closes[-1] * 100, OSCILLATOR_DIGITS)


def _volume_ratio(candles: FinishedCandles) -> str:
    if not candles.volume_average or not candles.volumes:
        return figure(None)
    return figure(candles.volumes[-1] / candles.volume_average, OSCILLATOR_DIGITS)


def _extreme(pick: Callable[[Sequence[float]], float], values: Sequence[float]) -> str:
    return figure(pick(values[-RANGE_CANDLES:]), PRICE_DIGITS) if values else figure(None)


Column = tuple[str, Callable[[FinishedCandles], str]]


def _closes(count: int) -> Column:
    return "close", lambda candles: series(candles.closes, count, PRICE_DIGITS)


def _macd(count: int) -> Column:
    return "macd", lambda candles: series(candles.macd, count, OSCILLATOR_DIGITS)


def _rsi14(count: int) -> Column:
    return "rsi14", lambda candles: series(candles.rsi14, count, OSCILLATOR_DIGITS)


_EMA20: Final[Column] = ("ema20", lambda candles: _last(candles.ema20))
_EMA50: Final[Column] = ("ema50", lambda candles: _last(candles.ema50))
_RSI7: Final[Column] = ("rsi7", lambda candles: series(candles.rsi7, 3, OSCILLATOR_DIGITS))
_ATR: Final[Column] = ("atr14%", _atr_percent)
_RANGE: Final[tuple[Column, ...]] = (
    (f"high{RANGE_CANDLES}", lambda candles: _extreme(max, candles.highs)),
    (f"low{RANGE_CANDLES}", lambda candles: _extreme(min, candles.lows)),
)
_VOLUME: Final[Column] = ("vol_x", _volume_ratio)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "1d": (_closes(2), _EMA20, _EMA50, _rsi14(1), _ATR, *_RANGE),
    "4h": (_closes(3), _EMA20, _EMA50, _macd(1), _rsi14(2), _ATR, *_RANGE, _VOLUME),
    "1h": (_closes(3), _EMA20, _EMA50, _macd(1), _rsi14(2), _ATR, *_RANGE, _VOLUME),
    "15m": (_closes(5), _EMA20, _macd(2), _rsi14(2), _ATR, *_RANGE, _VOLUME),
    "5m": (_closes(4), _EMA20, _RSI7, _ATR, *_RANGE, _VOLUME),
    "1m": (_closes(5), _rsi14(2), _ATR, *_RANGE, _VOLUME),
}
"""The tables from the slowest interval to the fastest, with their columns."""
OPEN_INTERVALS: Final = ("15m", "1h", "4h", "1d")


def candle_table(interval: str, coins: Mapping[Symbol, CandleSeries]) -> str:
    """One interval's table."""
    columns = TABLES[interval]
    lines = [f"# CANDLES {interval}", " ".join(["coin", *(name for name, _ in columns)])]
    for symbol, candles in coins.items():
        ended = finished(candles)
        lines.append(" ".join([symbol, *(render(ended) for _, render in columns)]))
    return "\n".join(lines)


def open_candle_table(coins: Mapping[Symbol, Mapping[str, CandleSeries]]) -> str:
    """High and low so far of the candles that have not ended; an interval without one reads n/a."""
    lines = ["# OPEN CANDLES (high/low)", " ".join(["coin", *OPEN_INTERVALS])]
    for symbol, by_interval in coins.items():
        lines.append(" ".join([symbol, *(_open_candle(by_interval[name]) for name in OPEN_INTERVALS)]))
    return "\n".join(lines)


def _open_candle(candles: CandleSeries) -> str:
    if candles.is_last_closed or not candles.highs:
        return figure(None)
    return f"{figure(candles.highs[-1], PRICE_DIGITS)}/{figure(candles.lows[-1], PRICE_DIGITS)}"
