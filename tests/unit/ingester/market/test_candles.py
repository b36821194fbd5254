"""Candles: live and past merged, gaps known, the newest 700 kept."""

from ingester_frames import COINS, T0_MS, build_candle

from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from ingester.market.candles import KEPT_CANDLES, Candles, Series, list_series

SERIES: Series = (Symbol.BTC, "1m")


def at(minute: int, close: float = 100.0, count: int = 5) -> object:
    return build_candle(T0_MS + minute * MINUTE_MS, close, count)


def minutes(candles: Candles) -> list[int]:
    return [(candle.open_ms - T0_MS) // MINUTE_MS for candle in candles.read(SERIES)]


def filled(first: int = 0, last: int = 9) -> Candles:
    candles = Candles(COINS)
    candles.add_history(SERIES, [at(minute) for minute in range(first, last + 1)], requested_in=0)
    return candles


def test_the_open_candle_is_replaced_in_place() -> None:
    candles = filled()
    candles.add(SERIES, at(9, close=103.0, count=6))
    assert minutes(candles) == list(range(10))
    assert candles.read(SERIES)[-1].close == 103


def test_a_late_state_of_a_candle_does_not_undo_a_newer_one() -> None:
    candles = filled()
    candles.add(SERIES, at(9, close=103.0, count=8))
    candles.add(SERIES, at(9, close=101.0, count=7))
    assert candles.read(SERIES)[-1].close == 103


def test_a_candle_that_comes_late_is_put_in_its_place() -> None:
    candles = filled(0, 3)
    candles.add(SERIES, at(5))
    candles.add(SERIES, at(4))
    assert minutes(candles) == [0, 1, 2, 3, 4, 5]


def test_the_final_state_from_history_replaces_what_a_lost_connection_left() -> None:
    candles = Candles(COINS)
    candles.add(SERIES, at(3, close=101.0, count=2))
    candles.mark_disconnected()
    candles.add(SERIES, at(4))
    candles.add_history(SERIES, [at(2), at(3, close=107.0, count=9), at(4, count=1)], requested_in=1)
    closes = [(candle.close, candle.trade_count) for candle in candles.read(SERIES)]
    assert closes == [(100, 5), (107, 9), (100, 5)]


def test_only_the_newest_are_kept() -> None:
    candles = filled(0, KEPT_CANDLES + 20)
    assert minutes(candles) == list(range(21, KEPT_CANDLES + 21))
    candles.add(SERIES, at(KEPT_CANDLES + 21))
    assert minutes(candles) == list(range(22, KEPT_CANDLES + 22))


def test_completeness_of_all_series() -> None:
    candles = Candles(COINS)
    assert not candles.is_complete
    for series in list_series(COINS):
        candles.add_history(series, [build_candle(interval=series[1])], requested_in=0)
    assert candles.is_complete
    candles.mark_disconnected()
    assert not candles.is_complete


def test_a_short_loss_leaves_no_gap_where_the_same_candle_is_still_open() -> None:
    candles = filled()
    candles.mark_disconnected()
    assert candles.gap_from_ms(SERIES) == T0_MS + 9 * MINUTE_MS
    candles.add(SERIES, at(9, count=6))
    assert SERIES in candles.complete


def test_a_loss_over_a_candles_end_leaves_a_gap_from_that_candle_on() -> None:
    candles = filled()
    candles.mark_disconnected()
    candles.add(SERIES, at(10))
    candles.add(SERIES, at(10, count=6))
    assert SERIES not in candles.complete
    assert candles.gap_from_ms(SERIES) == T0_MS + 9 * MINUTE_MS
    candles.add_history(SERIES, [at(9), at(10)], requested_in=1)
    assert SERIES in candles.complete


def test_a_second_loss_does_not_hide_the_gap_of_the_first() -> None:
    candles = filled()
    candles.mark_disconnected()
    candles.add(SERIES, at(12))
    candles.mark_disconnected()
    candles.add(SERIES, at(12, count=6))
    assert SERIES not in candles.complete
    assert candles.gap_from_ms(SERIES) == T0_MS + 9 * MINUTE_MS


def test_an_answer_requested_before_a_loss_closes_nothing() -> None:
    candles = Candles(COINS)
    requested_in = candles.generation
    candles.mark_disconnected()
    candles.add_history(SERIES, [at(0)], requested_in=requested_in)
    assert SERIES not in candles.complete


def test_a_restored_series_lacks_what_follows_its_last_but_one() -> None:
    candles = Candles(COINS)
    candles.restore(SERIES, [at(minute) for minute in range(400)], KEPT_CANDLES)
    assert candles.gap_from_ms(SERIES) == T0_MS + 398 * MINUTE_MS
    assert SERIES not in candles.complete
    assert candles.pop_changed() == {}
    # Live candles that follow must not hide the gap between.
    for minute in (405, 406, 407):
        candles.add(SERIES, at(minute))
    assert candles.gap_from_ms(SERIES) == T0_MS + 398 * MINUTE_MS


def test_a_restored_series_is_requested_from_its_first_hole_on() -> None:
    candles = Candles(COINS)
    candles.restore(SERIES, [at(minute) for minute in [*range(100), *range(102, 400)]], KEPT_CANDLES)
    assert candles.gap_from_ms(SERIES) == T0_MS + 99 * MINUTE_MS


def test_a_short_restored_series_is_requested_whole() -> None:
    candles = Candles(COINS)
    candles.restore(SERIES, [at(minute) for minute in range(100)], KEPT_CANDLES)
    assert candles.gap_from_ms(SERIES) is None


def test_the_earliest_change_is_returned_once() -> None:
    candles = filled()
    candles.pop_changed()
    candles.add(SERIES, at(10))
    candles.add(SERIES, at(9, count=7))
    candles.add(SERIES, at(10, count=7))
    assert candles.pop_changed() == {SERIES: T0_MS + 9 * MINUTE_MS}
    assert candles.pop_changed() == {}
