"""Finished candles are shown without the open one, and change only when one ends."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from common.agent.prompt.candles import TABLES, candle_table, finished, open_candle_table
from common.events import CandleSeries
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from support.prompt_examples import START_MS, candles

RANGES = ((10.0, 8.0, 9.0), (11.0, 9.0, 10.0), (12.0, 10.5, 11.0), (12.5, 10.0, 10.5))
"""High, low and close, repeated."""


def wilder(rows: Sequence[tuple[float, float, float]], length: int = 14) -> float:
    ranges = [
        max(high - low, abs(high - before[2]), abs(low - before[2]))
        for before, (high, low, _) in itertools.pairwise(rows)
    ]
    average = sum(ranges[:length]) / length
    for each in ranges[length:]:
        average = (average * (length - 1) + each) / length
    return average


def shown(rows: Sequence[tuple[float, float, float]], **changes: Any) -> CandleSeries:
    none: tuple[float, ...] = ()
    fields: dict[str, Any] = dict.fromkeys(("ema20", "ema50", "macd", "rsi7", "rsi14"), none) | {
        "interval": "15m",
        "open_times_ms": tuple(range(len(rows))),
        "opens": tuple(row[2] for row in rows),
        "highs": tuple(row[0] for row in rows),
        "lows": tuple(row[1] for row in rows),
        "closes": tuple(row[2] for row in rows),
        "volumes": tuple(1.0 for _ in rows),
        "is_last_closed": False,
        "atr3": None,
        "atr14": wilder(rows),
        "volume_average": 2.0,
    }
    return CandleSeries(**(fields | changes))


def test_the_average_true_range_is_that_of_the_finished_candles() -> None:
    rows = (RANGES * 8)[:30]
    with_open = shown([*rows, (15.0, 9.0, 14.0)])
    assert finished(with_open).atr14 == pytest.approx(wilder(rows))
    assert finished(shown(rows, is_last_closed=True)).atr14 == pytest.approx(wilder(rows))


def test_the_range_is_unknown_until_enough_candles_have_ended() -> None:
    assert finished(shown((RANGES * 4)[:15])).atr14 is None


def test_the_open_candle_is_in_no_series_of_the_table() -> None:
    series = shown([*RANGES * 5, (99.0, 1.0, 77.0)], rsi14=(40.0, 50.0, 66.0), ema20=(9.0, 10.0))
    table = candle_table("15m", {Symbol.BTC: series})
    assert "77" not in table
    assert "66" not in table
    assert "[40,50]" in table
    assert "99/1" in open_candle_table({Symbol.BTC: dict.fromkeys(INTERVALS_MS, series)})


@pytest.mark.parametrize("interval", [name for name in TABLES if name != "1m"])
def test_a_table_is_the_same_until_a_candle_ends(interval: str) -> None:
    length_ms = INTERVALS_MS[interval]
    begin_ms = START_MS + length_ms if interval != "1d" else START_MS
    last_minute_ms = begin_ms + min(length_ms - 60_000, 23 * 3_600_000)
    tables = {
        candle_table(interval, {Symbol.SOL: candles(Symbol.SOL, interval, at_ms)})
        for at_ms in (begin_ms + 60_000, begin_ms + length_ms // 2, last_minute_ms)
    }
    assert len(tables) == 1


def test_missing_history_is_unknown() -> None:
    nothing = shown((), atr14=None, volume_average=None)
    for interval in TABLES:
        assert candle_table(interval, {Symbol.BTC: nothing}).splitlines()[-1].split()[1:3] == ["n/a", "n/a"]
