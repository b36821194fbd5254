"""Indicators against published worked examples and against formulas written another way."""

import itertools
import math
import random

import pytest

from ingester.market.indicators import atr, ema, macd, rsi, sma


def read_numbers(table: str) -> list[float]:
    return [float(number) for number in table.split()]


PUBLISHED_EMA_CLOSES = read_numbers(
    """
    22.27 22.19 22.08 22.17 22.18 22.13 22.23 22.43 22.24 22.29
    22.15 22.39 22.38 22.61 23.36 24.05 23.75 23.83 23.95 23.63
    """
)
PUBLISHED_RSI_CLOSES = read_numbers(
    """
    44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826
    45.8931 46.0328 45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439
    46.2122
    """
)


def closes(count: int, seed: int = 7) -> list[float]:
    rng = random.Random(seed)
    return list(itertools.accumulate((rng.gauss(0, 1) for _ in range(count)), initial=1_000.0))


def weighted(values: list[float], alpha: float, seed_length: int) -> float:
    """Exponential smoothing as one explicit weighted sum instead of a recursion."""
    tail = values[seed_length:]
    seed = math.fsum(values[:seed_length]) / seed_length
    weights = [alpha * (1 - alpha) ** (len(tail) - 1 - place) for place in range(len(tail))]
    return math.fsum(w * v for w, v in zip(weights, tail, strict=True)) + seed * (1 - alpha) ** len(tail)


def test_ema_of_the_published_example() -> None:
    """StockCharts ChartSchool, Moving Averages: 10-day EMA."""
    published = [22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34]
    assert [round(value, 2) for value in ema(PUBLISHED_EMA_CLOSES, 10)] == published


def test_rsi_of_the_published_example() -> None:
    """StockCharts ChartSchool, Relative Strength Index: 14 days."""
    published = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93]
    assert rsi(PUBLISHED_RSI_CLOSES, 14) == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize("length", [3, 20, 50])
def test_ema_as_a_weighted_sum(length: int) -> None:
    values = closes(120)
    own = ema(values, length)
    assert len(own) == len(values) - length + 1
    assert own[0] == pytest.approx(sum(values[:length]) / length)
    assert own[-1] == pytest.approx(weighted(values, 2 / (length + 1), length))


def test_macd_is_the_difference_of_two_averages() -> None:
    values = closes(120)
    own = macd(values)
    assert len(own) == 120 + 1 - 25
    expected = [
        weighted(values[:end], 2 / 13, 12) - weighted(values[:end], 2 / 27, 26) for end in range(26, len(values) + 1)
    ]
    assert own == pytest.approx(expected)


@pytest.mark.parametrize("length", [7, 14])
def test_rsi_as_weighted_sums(length: int) -> None:
    values = closes(100)
    moves = [after - before for before, after in itertools.pairwise(values)]
    gain = weighted([max(move, 0) for move in moves], 1 / length, length)
    loss = weighted([max(-move, 0) for move in moves], 1 / length, length)
    assert rsi(values, length)[-1] == pytest.approx(100 - 100 / (1 + gain / loss))
    assert len(rsi(values, length)) == len(moves) - length + 1


@pytest.mark.parametrize("length", [3, 14])
def test_atr_as_a_weighted_sum(length: int) -> None:
    rng = random.Random(3)
    mids = closes(80)
    highs, lows = [mid + rng.random() * 3 for mid in mids], [mid - rng.random() * 3 for mid in mids]
    ranges = [max(highs[n], mids[n - 1]) - min(lows[n], mids[n - 1]) for n in range(1, len(mids))]
    assert atr(highs, lows, mids, length) == pytest.approx(weighted(ranges, 1 / length, length))


def test_extremes_of_rsi() -> None:
    assert rsi([float(n) for n in range(20)], 14)[-1] == 100
    assert rsi([float(-n) for n in range(20)], 14)[-1] == 0
    assert rsi([5.0] * 20, 14)[-1] == 50


def test_too_few_values_give_nothing() -> None:
    few = closes(6)[:6]
    assert ema(few, 7) == []
    assert macd(closes(24)) == []
    assert rsi(few, 6) == []
    assert atr(few, few, few, 6) is None
    assert atr(few, few, few, 5) is not None
    assert sma([1.0, 2.0, 6.0], 2) == 4.0
