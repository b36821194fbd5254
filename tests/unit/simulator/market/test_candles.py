"""A coin's candles: how many are kept, and which are read for a range."""

import pytest

from simulator.market.candles import DAY_MS, INTERVALS_MS, KEPT, MINUTE_MS, Candle, CandleBook, join

T0 = 1_700_006_400_000
LONG = 10**15


def filled(interval: str, count: int) -> CandleBook:
    """A book with so many candles of one interval."""
    book, length = CandleBook(), INTERVALS_MS[interval]
    for number in range(count):
        book.add(T0 + number * length, 100 + number % 7, 1.0, 1)
    return book


@pytest.mark.parametrize("interval", ["1m", "3m", "5m", "15m", "30m", "1h", "2h"])
def test_five_thousand_candles_are_kept(interval: str) -> None:
    length = INTERVALS_MS[interval]
    step = min(length, MINUTE_MS if interval in ("1m", "3m") else length // 2 if interval in ("30m", "2h") else length)
    book = CandleBook()
    for number in range((KEPT + 10) * length // step):
        book.add(T0 + number * step, 100.0, 1.0, 1)
    found = book.read(interval, 0, LONG)
    assert len(found) == KEPT == 5_000
    assert [found[0].open_ms, found[-1].open_ms] == [T0 + 10 * length, T0 + (KEPT + 9) * length]
    assert all(candle.volume == length // step for candle in found)


def test_a_range_is_inclusive_at_both_ends() -> None:
    book = filled("1m", 30)
    assert [each.open_ms for each in book.read("1m", T0 + MINUTE_MS, T0 + 3 * MINUTE_MS)] == [
        T0 + number * MINUTE_MS for number in (1, 2, 3)
    ]
    assert [each.open_ms for each in book.read("1m", T0 + 1, T0 + 2 * MINUTE_MS - 1)] == [T0 + MINUTE_MS]
    assert book.read("1m", T0 + 31 * MINUTE_MS, LONG) == []
    assert CandleBook().read("1m", 0, LONG) == []


def test_an_aggregated_candle_is_whole_at_the_ends_of_a_range() -> None:
    book = filled("1m", 30)
    length = INTERVALS_MS["3m"]
    whole = join(book.series["1m"], length)
    assert book.read("3m", 0, LONG) == whole
    assert book.read("3m", T0 + 1, T0 + 2 * length) == whole[1:3]
    assert book.read("3m", T0 + length, T0 + length) == whole[1:2]


def test_the_newest_candle_is_the_open_one() -> None:
    book = filled("1m", 31)
    assert book.newest("1m") is book.series["1m"][-1]
    assert book.newest("3m") == join(book.series["1m"][-1:], INTERVALS_MS["3m"])[-1]
    assert book.newest("1w") == Candle(book.newest("1w").open_ms, 100, 106, 100, 102, 31.0, 31)
    assert book.newest("1w").open_ms % (7 * DAY_MS) == 0
