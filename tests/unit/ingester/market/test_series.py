"""One series as a snapshot shows it."""

from decimal import Decimal

from ingester_frames import COINS, T0_MS, build_candle

from common.events import CandleSeries
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import Candle, Candles
from ingester.market.series import SeriesBuilder

BOUNDARY_MS = T0_MS + 300 * MINUTE_MS


def history(interval: str, count: int = 300) -> list[Candle]:
    """Candles of which the last one opens at the boundary or holds it."""
    length = INTERVALS_MS[interval]
    last = BOUNDARY_MS // length * length
    return [build_candle(last - back * length, 100 + back % 7, interval=interval) for back in reversed(range(count))]


def build(interval: str, rows: list[Candle], boundary_ms: int) -> CandleSeries:
    candles = Candles(COINS)
    candles.add_history((Symbol.BTC, interval), rows, requested_in=0)
    return SeriesBuilder(candles.window((Symbol.BTC, interval)), interval).build(boundary_ms)


def test_the_candle_that_opens_at_the_boundary_is_left_out() -> None:
    series = build("1m", history("1m"), BOUNDARY_MS)
    assert series.open_times_ms[-1] == BOUNDARY_MS - MINUTE_MS
    assert series.is_last_closed


def test_the_candle_that_contains_the_boundary_is_marked_open() -> None:
    boundary_ms = BOUNDARY_MS + 30_000
    series = build("1m", history("1m"), boundary_ms)
    assert series.open_times_ms[-1] == BOUNDARY_MS
    assert not series.is_last_closed


def test_series_are_aligned_and_short() -> None:
    series = build("5m", history("5m"), BOUNDARY_MS)
    shown = (series.open_times_ms, series.opens, series.highs, series.lows, series.closes, series.volumes)
    assert {len(each) for each in shown} == {20}
    indicators = (series.ema20, series.ema50, series.macd, series.rsi7, series.rsi14)
    assert {len(each) for each in indicators} == {10}
    assert series.atr3 is not None
    assert series.volume_average == 7.5


def test_an_open_candles_volume_is_not_averaged() -> None:
    candles = history("1m", 21)
    assert build("1m", candles, BOUNDARY_MS + 1).volume_average == 7.5
    assert build("1m", candles[1:], BOUNDARY_MS + 1).volume_average is None
    assert build("1m", candles[1:], BOUNDARY_MS + MINUTE_MS).volume_average == 7.5


def test_a_short_history_gives_short_series() -> None:
    series = build("1d", history("1d", 3), BOUNDARY_MS)
    assert len(series.closes) == 3
    assert (series.ema20, series.macd, series.rsi14, series.atr14) == ((), (), (), None)
    empty = build("1d", [], BOUNDARY_MS)
    assert (empty.closes, empty.is_last_closed) == ((), False)


def test_what_is_built_unchecked_is_valid() -> None:
    for rows in (history("5m"), history("1d", 3), []):
        series = build("5m", rows, BOUNDARY_MS)
        assert CandleSeries.model_validate(series.model_dump(), strict=True) == series
        assert CandleSeries.model_validate_json(series.model_dump_json()) == series


def test_no_volume_is_an_average_of_zero() -> None:
    rows = [candle._replace(volume=Decimal(0)) for candle in history("1m", 30)]
    assert build("1m", rows, BOUNDARY_MS).volume_average == 0.0


def test_a_gap_shortens_nothing() -> None:
    rows = [candle for candle in history("1m") if candle.open_ms % (10 * MINUTE_MS)]
    series = build("1m", rows, BOUNDARY_MS)
    assert (len(series.closes), len(series.ema50), series.is_last_closed) == (20, 10, True)
