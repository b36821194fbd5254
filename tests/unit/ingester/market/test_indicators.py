"""Indicators against TA-Lib over much longer histories, published figures, and histories that have none."""

from decimal import Decimal

import numpy as np
import pytest
import talib

from ingester.market.candles import KEPT_CANDLES, Floats
from ingester.market.indicators import VALUES_SHOWN, WARM_UP, Continuation, Indicators, compute_indicators

HISTORY = 5_000
PUBLISHED_RSI_CLOSES = """
44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826
45.8931 46.0328 45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439
46.2122
"""


def candles(count: int, *, seed: int = 7, move: float = 0.01, price: float = 100_000.0) -> tuple[Floats, ...]:
    """Highs, lows and closes of a random walk with `move` as the deviation of a candle's return."""
    rng = np.random.default_rng(seed)
    closes = price * np.exp(np.cumsum(rng.normal(0, move, count)))
    reach = closes * np.abs(rng.normal(0, move, (2, count)))
    return closes + reach[0], closes - reach[1], closes


def of_talib(highs: Floats, lows: Floats, closes: Floats) -> dict[str, Floats]:
    return {
        "ema20": talib.EMA(closes, 20),
        "ema50": talib.EMA(closes, 50),
        "macd": talib.MACD(closes, 12, 26, 9)[0],
        "rsi7": talib.RSI(closes, 7),
        "rsi14": talib.RSI(closes, 14),
        "atr3": talib.ATR(highs, lows, closes, 3),
        "atr14": talib.ATR(highs, lows, closes, 14),
    }


def expect_talibs(own: Indicators, theirs: dict[str, Floats], closes: Floats, within: float) -> None:
    """Equal within a part of what the figures are made of: the price, or 100 for a strength."""
    for name, values in theirs.items():
        shown = getattr(own, name)
        latest = shown if isinstance(shown, tuple) else (shown,)
        scale = 100.0 if name.startswith("rsi") else closes[-1]
        assert latest == pytest.approx(values[-len(latest) :].tolist(), abs=within * scale, rel=0), name


@pytest.mark.parametrize("move", [0.0005, 0.01, 0.04, 0.1], ids=["1m", "1h", "1d", "wild"])
@pytest.mark.parametrize("seed", range(5))
def test_the_kept_candles_give_what_all_history_gives(move: float, seed: int) -> None:
    """After 700 candles an average of 50 has five parts in 10¹² of its seed, every other one far less."""
    history = candles(HISTORY, seed=seed, move=move)
    kept = [row[-KEPT_CANDLES:] for row in history]
    own = compute_indicators(*kept)
    expect_talibs(own, of_talib(*history), history[2], 1e-9)
    assert {len(each) for each in own[:5]} == {VALUES_SHOWN}


@pytest.mark.parametrize("count", [WARM_UP, 60, 200, KEPT_CANDLES - 1])
def test_a_step_gives_what_talib_gives_with_one_candle_more(count: int) -> None:
    series = candles(count + 1, seed=count)
    highs, lows, closes = series
    own = Continuation(highs[:-1], lows[:-1], closes[:-1]).step(highs[-1], lows[-1], closes[-1])
    expect_talibs(own, of_talib(*series), closes, 1e-9)
    assert [len(each) for each in own[:5]] == [len(each) for each in compute_indicators(*series)[:5]]


@pytest.mark.parametrize("count", range(60))
def test_before_the_warm_up_values_are_missing(count: int) -> None:
    series = candles(count)
    own, theirs = compute_indicators(*series), of_talib(*series)
    for name, values in theirs.items():
        known = values[~np.isnan(values)].tolist() if count else []
        shown = getattr(own, name)
        if name.startswith("atr"):
            shown = () if shown is None else (shown,)
            known = known[-1:]
        assert shown == pytest.approx(known[-VALUES_SHOWN:], rel=1e-9, abs=1e-4), name


@pytest.mark.parametrize("price", [0.00001234, 0.5, 95_000.0])
def test_values_are_as_short_as_their_exactness_allows(price: float) -> None:
    """Ten digits of the price, whatever it is: 1e-9 of it, and less than the 17 digits of a float."""
    highs, lows, closes = candles(200, price=price)
    theirs = of_talib(highs, lows, closes)
    for own in (
        compute_indicators(highs, lows, closes),
        Continuation(highs[:-1], lows[:-1], closes[:-1]).step(highs.item(-1), lows.item(-1), closes.item(-1)),
    ):
        expect_talibs(own, theirs, closes, 1e-9)
        digits = [f"{Decimal(repr(value)):f}".replace(".", "").lstrip("0") for value in (*own.ema20, *own.rsi7)]
        assert max(map(len, digits)) <= 11


def test_rsi_of_the_published_example() -> None:
    """StockCharts ChartSchool, Relative Strength Index: 14 days."""
    closes = np.array([float(number) for number in PUBLISHED_RSI_CLOSES.split()])
    published = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93]
    assert compute_indicators(closes, closes, closes).rsi14 == pytest.approx(published, abs=0.02)


def both_ways(closes: list[float]) -> list[Indicators]:
    """Computed over all closes at once, and by a step from the last but one."""
    row = np.array(closes)
    return [compute_indicators(row, row, row), Continuation(*[row[:-1]] * 3).step(*[closes[-1]] * 3)]


def test_extremes_of_rsi() -> None:
    for own in both_ways([float(n) for n in range(1, 80)]):
        assert own.rsi14 == pytest.approx([100.0] * 10)
    for own in both_ways([float(n) for n in range(80, 1, -1)]):
        assert own.rsi14 == pytest.approx([0.0] * 10)


def test_a_price_that_never_moved_has_no_rsi() -> None:
    for own in both_ways([5.0] * 100):
        assert (own.rsi7, own.rsi14) == ((), ())
        assert own.macd == pytest.approx([0.0] * 10)
        assert (own.ema20[-1], own.atr3, own.atr14) == (5.0, 0.0, 0.0)


@pytest.mark.parametrize("moved", [1, 2, 5, 12])
def test_rsi_begins_with_the_first_move(moved: int) -> None:
    for own in both_ways([5.0] * (100 - moved) + [6.0] * moved):
        assert own.rsi7 == own.rsi14 == (100.0,) * min(moved, VALUES_SHOWN)
    for own in both_ways([5.0] * (100 - moved) + [4.0] * moved):
        assert own.rsi7 == own.rsi14 == (0.0,) * min(moved, VALUES_SHOWN)
