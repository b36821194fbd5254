"""Indicators as plain floats, oldest first. Results align with the input's end and are shorter by the warm-up."""

import itertools
from collections.abc import Sequence


def sma(values: Sequence[float], length: int) -> float:
    """Mean of the last `length` values; there must be that many."""
    return sum(values[-length:]) / length


def ema(values: Sequence[float], length: int) -> list[float]:
    """Exponential moving average, seeded with the simple mean of the first `length`; alpha = 2 / (length + 1)."""
    if len(values) < length:
        return []
    alpha = 2 / (length + 1)
    out = [sum(values[:length]) / length]
    for value in values[length:]:
        out.append(out[-1] + alpha * (value - out[-1]))
    return out


def macd(values: Sequence[float], fast: int = 12, slow: int = 26) -> list[float]:
    """EMA(fast) − EMA(slow)."""
    slow_line = ema(values, slow)
    fast_line = ema(values, fast)[-len(slow_line) :] if slow_line else []
    return [short - long for short, long in zip(fast_line, slow_line, strict=True)]


def rsi(values: Sequence[float], length: int) -> list[float]:
    """Wilder's relative strength index, 0 to 100; 50 while nothing has moved."""
    if len(values) <= length:
        return []
    moves = [after - before for before, after in itertools.pairwise(values)]
    gain = sum(max(move, 0.0) for move in moves[:length]) / length
    loss = sum(max(-move, 0.0) for move in moves[:length]) / length
    out = [_strength(gain, loss)]
    for move in moves[length:]:
        gain = (gain * (length - 1) + max(move, 0.0)) / length
        loss = (loss * (length - 1) + max(-move, 0.0)) / length
        out.append(_strength(gain, loss))
    return out


def _strength(gain: float, loss: float) -> float:
    return 50.0 if gain + loss == 0 else 100 * gain / (gain + loss)


def atr(highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], length: int) -> float | None:
    """Wilder's average true range now, in price; None before `length` + 1 candles."""
    if len(closes) <= length:
        return None
    ranges = [
        max(high - low, abs(high - before), abs(low - before))
        for high, low, before in zip(highs[1:], lows[1:], closes, strict=False)
    ]
    value = sum(ranges[:length]) / length
    for each in ranges[length:]:
        value = (value * (length - 1) + each) / length
    return value
