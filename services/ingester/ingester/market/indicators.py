"""TA-Lib's indicators over a series, oldest first: the newest values only, and none before the warm-up.

TA-Lib begins each recursion with a simple mean, whose weight fades with every candle; a value without its whole warm-up
is missing, never NaN. All but the last candle stay as they are until the next one opens, so a snapshot need not compute
over all of them again: `Continuation` has TA-Lib's values up to the last candle but one, and makes the one step to the
last.

Values are rounded where nothing is lost: to a ten-digit part of the price, and strengths to eight decimals, so that a
snapshot is a third smaller.
"""

import math
from typing import NamedTuple

from talib import ATR, EMA, MACD, RSI

from ingester.market.candles import Floats

VALUES_SHOWN = 10
FAST, SLOW, SIGNAL = 12, 26, 9
"""Lengths of the MACD. TA-Lib begins it where its signal line begins."""
PRICE_DIGITS = 10
STRENGTH_SCALE = 1e8
WARM_UP = 50
"""From so many candles on every indicator has a value."""

Values = tuple[float, ...]


class Indicators(NamedTuple):
    """At most VALUES_SHOWN values of each, in USD but for the strength indices (0 to 100)."""

    ema20: Values
    ema50: Values
    macd: Values
    rsi7: Values
    rsi14: Values
    atr3: float | None
    atr14: float | None

    def rounded(self, scale: float) -> "Indicators":
        """Prices to whole parts of 1 / `scale` USD, and strengths to as many as count."""
        ema20, ema50, macd, rsi7, rsi14, atr3, atr14 = self
        return Indicators(
            _round_all(ema20, scale),
            _round_all(ema50, scale),
            _round_all(macd, scale),
            _round_all(rsi7, STRENGTH_SCALE),
            _round_all(rsi14, STRENGTH_SCALE),
            None if atr3 is None else round(atr3 * scale) / scale,
            None if atr14 is None else round(atr14 * scale) / scale,
        )


def compute_indicators(highs: Floats, lows: Floats, closes: Floats) -> Indicators:
    """Over every candle given; the last one counts, open or closed, as it does in charts."""
    return _compute_exactly(highs, lows, closes).rounded(_scale_of(closes))


def _compute_exactly(highs: Floats, lows: Floats, closes: Floats) -> Indicators:
    return Indicators(
        _latest(EMA(closes, 20), 19),
        _latest(EMA(closes, 50), 49),
        _latest(MACD(closes, FAST, SLOW, SIGNAL)[0], SLOW + SIGNAL - 2),
        _defined(_latest(RSI(closes, 7), 7), closes),
        _defined(_latest(RSI(closes, 14), 14), closes),
        ATR(highs, lows, closes, 3).item(-1) if len(closes) > 3 else None,
        ATR(highs, lows, closes, 14).item(-1) if len(closes) > 14 else None,
    )


def _scale_of(closes: Floats) -> float:
    """The power of ten that the last price needs to have PRICE_DIGITS digits before the point."""
    price: float = closes.item(-1) if len(closes) else 0.0
    return float(10.0 ** (PRICE_DIGITS - 1 - math.floor(math.log10(price)))) if price > 0 else 1.0


def _round_all(values: Values, scale: float) -> Values:
    return tuple([round(value * scale) / scale for value in values])


def _latest(values: Floats, warm_up: int) -> Values:
    return tuple(values[max(warm_up, len(values) - VALUES_SHOWN) :].tolist())


def _defined(strengths: Values, closes: Floats) -> Values:
    """Without those from before the price has moved at all: undefined, though TA-Lib's 0 says that it only fell."""
    if 0.0 not in strengths:
        return strengths
    unmoved = int((closes != closes[0]).argmax()) or len(closes)
    return strengths[max(0, unmoved - len(closes) + len(strengths)) :]


class Continuation:
    """The indicators of at least WARM_UP candles, and what their recursions need for one candle more."""

    __slots__ = ("_close", "_exact", "_fast", "_moves7", "_moves14", "_scale", "_shown", "_slow")

    def __init__(self, highs: Floats, lows: Floats, closes: Floats) -> None:
        self._exact, self._scale = _compute_exactly(highs, lows, closes), _scale_of(closes)
        self._shown = self._exact.rounded(self._scale)
        self._close: float = closes.item(-1)
        # The MACD's fast average begins with the same candle as the slow one.
        self._fast: float = EMA(closes[SLOW - FAST :], FAST).item(-1)
        self._slow: float = EMA(closes, SLOW).item(-1)
        # The true range of closes alone is the size of the move: mean gain and mean loss together.
        self._moves7: float = ATR(closes, closes, closes, 7).item(-1)
        self._moves14: float = ATR(closes, closes, closes, 14).item(-1)

    def step(self, high: float, low: float, close: float) -> Indicators:
        """What `compute_indicators` returns with this candle at the end, to within rounding."""
        exact, shown, scale, before = self._exact, self._shown, self._scale, self._close
        assert exact.atr3 is not None and exact.atr14 is not None  # noqa: S101, PT018 - there are WARM_UP candles
        move, true_range = close - before, max(high, before) - min(low, before)
        macd = _ema_step(self._fast, close, FAST) - _ema_step(self._slow, close, SLOW)
        return Indicators(
            (*shown.ema20[1:], round(_ema_step(exact.ema20[-1], close, 20) * scale) / scale),
            (*shown.ema50[1 - VALUES_SHOWN :], round(_ema_step(exact.ema50[-1], close, 50) * scale) / scale),
            (*shown.macd[1:], round(macd * scale) / scale),
            _strength_step(exact.rsi7, shown.rsi7, self._moves7, move, 7),
            _strength_step(exact.rsi14, shown.rsi14, self._moves14, move, 14),
            round(_wilder_step(exact.atr3, true_range, 3) * scale) / scale,
            round(_wilder_step(exact.atr14, true_range, 14) * scale) / scale,
        )


def _ema_step(mean: float, value: float, length: int) -> float:
    return mean + (value - mean) * 2 / (length + 1)


def _wilder_step(mean: float, value: float, length: int) -> float:
    return (mean * (length - 1) + value) / length


def _strength_step(exact: Values, shown: Values, moves: float, move: float, length: int) -> Values:
    """`moves` is the mean size of a move so far, of which the last strength is the share of gains in percent."""
    gains = exact[-1] / 100 * moves if exact else 0.0
    total = _wilder_step(moves, abs(move), length)
    if not total:
        return ()
    strength = 100 * _wilder_step(gains, max(move, 0.0), length) / total
    return (*shown[1 - VALUES_SHOWN :], round(strength * STRENGTH_SCALE) / STRENGTH_SCALE)
