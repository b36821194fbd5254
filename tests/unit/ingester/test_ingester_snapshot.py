"""One frozen picture per cycle."""

import pytest

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.candles import ALL_SERIES, Candle
from ingester.cycle import Cycle
from ingester.feed import Feed
from ingester.run import Run
from ingester.snapshot import NotEnoughKnown, freeze, series_of
from ingester.testing import T0_MS, a_candle, a_frame, a_known_feed, book, context, trade

MINUTE_MS = 60_000
BOUNDARY_MS = T0_MS + 300 * MINUTE_MS


def history(interval: str, count: int = 300) -> list[Candle]:
    """Candles of which the last one opens at the boundary or holds it."""
    length = INTERVALS_MS[interval]
    last = BOUNDARY_MS // length * length
    return [a_candle(last - back * length, 100 + back % 7, interval=interval) for back in reversed(range(count))]


def a_feed() -> Feed:
    feed = a_known_feed(BOUNDARY_MS)
    for series in ALL_SERIES:
        feed.candles.add_history(series, history(series[1]), asked_in=0)
    return feed


def frozen(feed: Feed, *, fresh_since_ms: int = BOUNDARY_MS, missed: int = 0):  # type: ignore[no-untyped-def]
    return freeze(
        feed,
        Cycle(BOUNDARY_MS, missed),
        Run("ab12", T0_MS, "paper"),
        interval_s=60,
        fresh_since_ms=fresh_since_ms,
        max_leverages=dict.fromkeys(SYMBOLS, 25),
        sentiment=None,
    )


def test_it_holds_all_six_markets_and_says_which_cycle_it_is() -> None:
    feed = a_feed()
    feed.take(a_frame("trades", [trade(time_ms=BOUNDARY_MS - 5)]), BOUNDARY_MS)
    snapshot = frozen(feed, missed=3)
    assert (snapshot.run_id, snapshot.boundary_ms, snapshot.cycle_number) == ("ab12", BOUNDARY_MS, 301)
    assert (snapshot.missed_cycles, snapshot.partial, snapshot.sentiment) == (3, False, None)
    assert list(snapshot.coins) == list(SYMBOLS)
    coin = snapshot.coins[Symbol.BTC]
    assert (coin.flow.buy_usd, coin.flow.trade_count, coin.max_leverage) == (200.0, 1, 25)
    assert (coin.premium, coin.open_interest_average_coin) == (-0.0004, 1000.0)
    assert coin.book is not None
    assert list(coin.series) == list(INTERVALS_MS)


def test_it_is_frozen_and_the_same_when_asked_again() -> None:
    feed = a_feed()
    assert frozen(feed) == frozen(feed)


def test_it_is_partial_until_history_is_complete() -> None:
    feed = a_feed()
    feed.candles.complete.discard((Symbol.XRP, "1d"))
    assert frozen(feed).partial


def test_a_coin_without_a_fresh_mark_ends_it() -> None:
    feed = a_feed()
    with pytest.raises(NotEnoughKnown, match="BTC: the mark price is old"):
        frozen(feed, fresh_since_ms=BOUNDARY_MS + 1)
    feed.begin(BOUNDARY_MS)
    with pytest.raises(NotEnoughKnown, match="BTC: no price, context or book yet"):
        frozen(Feed())


def test_an_old_book_is_left_out() -> None:
    feed = a_known_feed(BOUNDARY_MS)
    for symbol in SYMBOLS:
        feed.take(context(symbol.value), BOUNDARY_MS + 10)
    feed.take(book("ETH", BOUNDARY_MS + 10), BOUNDARY_MS + 10)
    feed.settle(BOUNDARY_MS + 10)
    snapshot = frozen(feed, fresh_since_ms=BOUNDARY_MS + 10)
    assert snapshot.coins[Symbol.ETH].book is not None
    assert snapshot.coins[Symbol.BTC].book is None


def test_the_candle_that_opens_at_the_boundary_is_left_out() -> None:
    series = series_of("1m", history("1m"), BOUNDARY_MS)
    assert series.open_times_ms[-1] == BOUNDARY_MS - MINUTE_MS
    assert series.is_last_closed


def test_the_candle_that_holds_the_boundary_is_marked_open() -> None:
    boundary_ms = BOUNDARY_MS + 30_000
    series = series_of("1m", history("1m"), boundary_ms)
    assert series.open_times_ms[-1] == BOUNDARY_MS
    assert not series.is_last_closed


def test_series_are_aligned_and_short() -> None:
    series = series_of("5m", history("5m"), BOUNDARY_MS)
    shown = (series.open_times_ms, series.opens, series.highs, series.lows, series.closes, series.volumes)
    assert {len(each) for each in shown} == {20}
    indicators = (series.ema20, series.ema50, series.macd, series.rsi7, series.rsi14)
    assert {len(each) for each in indicators} == {10}
    assert series.atr3 is not None
    assert series.volume_average == 7.5


def test_an_open_candles_volume_is_not_averaged() -> None:
    candles = history("1m", 21)
    assert series_of("1m", candles, BOUNDARY_MS + 1).volume_average == 7.5
    assert series_of("1m", candles[1:], BOUNDARY_MS + 1).volume_average is None
    assert series_of("1m", candles[1:], BOUNDARY_MS + MINUTE_MS).volume_average == 7.5


def test_a_short_history_gives_short_series() -> None:
    series = series_of("1d", history("1d", 3), BOUNDARY_MS)
    assert len(series.closes) == 3
    assert (series.ema20, series.macd, series.rsi14, series.atr14) == ((), (), (), None)
    empty = series_of("1d", [], BOUNDARY_MS)
    assert (empty.closes, empty.is_last_closed) == ((), False)
