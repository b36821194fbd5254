"""One frozen state of all markets per cycle."""

import pytest
from ingester_frames import COINS, T0_MS, book, build_candle, build_frame, context, known_feed, wire_trade

from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.exchange.feed import Feed
from ingester.market.candles import Candle, list_series
from ingester.market.cycles import Cycle
from ingester.market.open_interest import OpenInterestHistory, OpenInterestSamples
from ingester.market.run import Run
from ingester.market.snapshot import IncompleteMarket, build_series, freeze
from ingester.market.state import MarketState

BOUNDARY_MS = T0_MS + 300 * MINUTE_MS


def history(interval: str, count: int = 300) -> list[Candle]:
    """Candles of which the last one opens at the boundary or holds it."""
    length = INTERVALS_MS[interval]
    last = BOUNDARY_MS // length * length
    return [build_candle(last - back * length, 100 + back % 7, interval=interval) for back in reversed(range(count))]


def complete_feed() -> Feed:
    feed = known_feed(BOUNDARY_MS)
    for series in list_series(COINS):
        feed.market.candles.add_history(series, history(series[1]), requested_in=0)
    return feed


def frozen(feed: Feed, *, fresh_since_ms: int = BOUNDARY_MS, missed: int = 0):  # type: ignore[no-untyped-def]
    return freeze(
        feed.market,
        Cycle(BOUNDARY_MS, missed),
        Run("ab12", T0_MS, "paper"),
        interval_s=60,
        fresh_since_ms=fresh_since_ms,
        max_leverages=dict.fromkeys(COINS, 25),
        sentiment=None,
    )


def test_it_contains_every_market_and_names_its_cycle() -> None:
    feed = complete_feed()
    stored = OpenInterestSamples((BOUNDARY_MS - HOUR_MS) // MINUTE_MS, [800.0])
    feed.market.coins[Symbol.BTC].open_interest = OpenInterestHistory()
    feed.market.coins[Symbol.BTC].open_interest.restore(stored)
    feed.receive(context("BTC"), BOUNDARY_MS)
    feed.apply_pending(BOUNDARY_MS)
    feed.receive(build_frame("trades", [wire_trade(time_ms=BOUNDARY_MS - 5)]), BOUNDARY_MS)
    snapshot = frozen(feed, missed=3)
    assert (snapshot.run_id, snapshot.boundary_ms, snapshot.cycle_number) == ("ab12", BOUNDARY_MS, 301)
    assert (snapshot.missed_cycles, snapshot.partial, snapshot.sentiment) == (3, False, None)
    assert list(snapshot.coins) == list(COINS)
    coin = snapshot.coins[Symbol.BTC]
    assert (coin.flow.buy_usd, coin.flow.trade_count, coin.max_leverage) == (200.0, 1, 25)
    assert (coin.premium, coin.open_interest_average_coin) == (-0.0004, 900.0)
    assert (coin.open_interest_change_1h_percent, coin.open_interest_change_24h_percent) == (25.0, None)
    assert coin.book is not None
    assert list(coin.series) == list(INTERVALS_MS)


def test_the_same_state_gives_the_same_snapshot() -> None:
    feed = complete_feed()
    assert frozen(feed) == frozen(feed)


def test_it_is_partial_until_history_is_complete() -> None:
    feed = complete_feed()
    feed.market.candles.complete.discard((Symbol.XRP, "1d"))
    assert frozen(feed).partial


def test_a_coin_without_a_fresh_mark_price_prevents_it() -> None:
    feed = complete_feed()
    with pytest.raises(IncompleteMarket, match="BTC: the mark price is old"):
        frozen(feed, fresh_since_ms=BOUNDARY_MS + 1)
    feed.begin_connection(BOUNDARY_MS)
    with pytest.raises(IncompleteMarket, match="BTC: no price, context or book yet"):
        frozen(Feed(MarketState(COINS)))


def test_an_old_book_is_left_out() -> None:
    feed = known_feed(BOUNDARY_MS)
    for symbol in COINS:
        feed.receive(context(symbol.value), BOUNDARY_MS + 10)
    feed.receive(book("ETH", BOUNDARY_MS + 10), BOUNDARY_MS + 10)
    feed.apply_pending(BOUNDARY_MS + 10)
    snapshot = frozen(feed, fresh_since_ms=BOUNDARY_MS + 10)
    assert snapshot.coins[Symbol.ETH].book is not None
    assert snapshot.coins[Symbol.BTC].book is None


def test_the_candle_that_opens_at_the_boundary_is_left_out() -> None:
    series = build_series("1m", history("1m"), BOUNDARY_MS)
    assert series.open_times_ms[-1] == BOUNDARY_MS - MINUTE_MS
    assert series.is_last_closed


def test_the_candle_that_contains_the_boundary_is_marked_open() -> None:
    boundary_ms = BOUNDARY_MS + 30_000
    series = build_series("1m", history("1m"), boundary_ms)
    assert series.open_times_ms[-1] == BOUNDARY_MS
    assert not series.is_last_closed


def test_series_are_aligned_and_short() -> None:
    series = build_series("5m", history("5m"), BOUNDARY_MS)
    shown = (series.open_times_ms, series.opens, series.highs, series.lows, series.closes, series.volumes)
    assert {len(each) for each in shown} == {20}
    indicators = (series.ema20, series.ema50, series.macd, series.rsi7, series.rsi14)
    assert {len(each) for each in indicators} == {10}
    assert series.atr3 is not None
    assert series.volume_average == 7.5


def test_an_open_candles_volume_is_not_averaged() -> None:
    candles = history("1m", 21)
    assert build_series("1m", candles, BOUNDARY_MS + 1).volume_average == 7.5
    assert build_series("1m", candles[1:], BOUNDARY_MS + 1).volume_average is None
    assert build_series("1m", candles[1:], BOUNDARY_MS + MINUTE_MS).volume_average == 7.5


def test_a_short_history_gives_short_series() -> None:
    series = build_series("1d", history("1d", 3), BOUNDARY_MS)
    assert len(series.closes) == 3
    assert (series.ema20, series.macd, series.rsi14, series.atr14) == ((), (), (), None)
    empty = build_series("1d", [], BOUNDARY_MS)
    assert (empty.closes, empty.is_last_closed) == ((), False)
