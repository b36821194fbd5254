"""Frames into market state: conflation, order, and what a bad frame may not do."""

from decimal import Decimal

import pytest

from common.trading.instruments import Symbol
from common.trading.symbols import SYMBOLS
from ingester.feed import WATCHED, Feed
from ingester.testing import T0_MS, a_frame, a_known_feed, bbo, book, context, mids, trade, wire_candle
from ingester.wire import UnreadableFrame


def a_feed() -> Feed:
    feed = Feed()
    feed.begin(T0_MS)
    return feed


def test_only_the_newest_state_frame_of_a_coin_is_applied() -> None:
    feed = a_feed()
    # The first of the two could not even be read: it must never be decoded.
    feed.take(a_frame("l2Book", {"coin": "BTC", "levels": "garbage"}), T0_MS)
    feed.take(book(bid="99.0"), T0_MS + 1)
    feed.take(book("ETH", bid="98.0"), T0_MS + 2)
    settled = feed.settle(T0_MS)
    assert settled.changed == {Symbol.BTC, Symbol.ETH}
    assert settled.unreadable == []
    assert feed.coins[Symbol.BTC].best_bid == Decimal("99.0")
    assert feed.coins[Symbol.BTC].book_received_ms == T0_MS + 1
    assert feed.settle(T0_MS).changed == set()


def test_every_trade_and_candle_counts() -> None:
    feed = a_feed()
    for number in range(3):
        feed.take(a_frame("trades", [trade(trade_id=number)]), T0_MS)
        feed.take(a_frame("candle", wire_candle(T0_MS + number * 60_000)), T0_MS)
    assert feed.coins[Symbol.BTC].tape.flow(T0_MS).trade_count == 3
    assert len(feed.candles.read((Symbol.BTC, "1m"))) == 3


def test_a_coin_is_known_with_price_context_and_book() -> None:
    feed = a_feed()
    assert feed.unknown() == [symbol.value for symbol in SYMBOLS]
    feed.take(mids(), T0_MS)
    feed.take(context(midPx=None), T0_MS)
    feed.settle(T0_MS)
    assert "BTC" in feed.unknown()
    feed.take(bbo(), T0_MS)
    feed.settle(T0_MS)
    assert feed.unknown() == [symbol.value for symbol in SYMBOLS[1:]]
    tick = feed.coins[Symbol.BTC].tick()
    assert tick is not None
    assert (tick.mid_price, tick.mark_price, tick.best_ask_price) == (
        Decimal("100.5"),
        Decimal("100.4"),
        Decimal("101.0"),
    )
    assert tick.funding_rate_hourly == Decimal("-0.0000125")


def test_only_moved_mids_count_as_a_change() -> None:
    feed = a_known_feed()
    feed.take(mids("100.5"), T0_MS + 5)
    assert feed.settle(T0_MS + 5).changed == set()
    assert feed.coins[Symbol.BTC].price_time_ms == T0_MS + 5
    feed.take(mids("100.6", Symbol.DOGE), T0_MS + 6)
    assert feed.settle(T0_MS + 6).changed == {Symbol.DOGE}
    # A coin that a message leaves out keeps the time at which its price was heard.
    assert feed.coins[Symbol.BTC].price_time_ms == T0_MS + 5


def test_one_bad_frame_is_skipped_alone() -> None:
    feed = a_known_feed()
    feed.take(context("BTC", markPx="NaN"), T0_MS + 1)
    feed.take(context("ETH", markPx="55.0"), T0_MS + 1)
    settled = feed.settle(T0_MS)
    assert settled.changed == {Symbol.ETH}
    assert len(settled.unreadable) == 1
    bitcoin = feed.coins[Symbol.BTC].context
    assert bitcoin is not None
    assert bitcoin.mark_price == Decimal("100.4")


def test_a_crossed_book_is_refused() -> None:
    feed = a_known_feed()
    feed.take(book(time_ms=T0_MS + 1, bid="102.0", ask="101.0"), T0_MS + 1)
    assert feed.settle(T0_MS).unreadable == ["l2Book: bid 102.0 not below ask 101.0"]
    assert feed.coins[Symbol.BTC].best_bid == Decimal("100.0")


def test_late_books_change_nothing_until_a_new_connection() -> None:
    feed = a_known_feed()
    feed.take(book(time_ms=T0_MS - 1, bid="90.0"), T0_MS + 1)
    feed.take(bbo(time_ms=T0_MS - 1, bid="91.0"), T0_MS + 1)
    assert feed.settle(T0_MS).changed == set()
    assert feed.coins[Symbol.BTC].best_bid == Decimal("100.0")
    feed.begin(T0_MS + 2)
    feed.take(book(time_ms=T0_MS - 1, bid="90.0"), T0_MS + 3)
    assert feed.settle(T0_MS).changed == {Symbol.BTC}
    assert feed.coins[Symbol.BTC].best_bid == Decimal("90.0")


@pytest.mark.parametrize("bbo_first", [True, False])
def test_the_newer_of_bbo_and_book_gives_the_best_prices(bbo_first: bool) -> None:
    feed = a_known_feed()
    frames = [bbo(time_ms=T0_MS + 20, bid="99.5"), book(time_ms=T0_MS + 10, bid="99.0")]
    for frame in frames if bbo_first else reversed(frames):
        feed.take(frame, T0_MS + 21)
    feed.settle(T0_MS)
    coin = feed.coins[Symbol.BTC]
    assert coin.best_bid == Decimal("99.5")
    assert coin.bids[0][0] == "99.0"


def test_other_coins_and_channels_are_left_alone() -> None:
    feed = a_feed()
    for frame in (
        book("HYPE"),
        context("HYPE"),
        a_frame("trades", [trade("HYPE")]),
        a_frame("candle", wire_candle(coin="HYPE")),
        a_frame("candle", wire_candle() | {"i": "3m"}),
        a_frame("pong", None),
        a_frame("user", {"fills": []}),
    ):
        feed.take(frame, T0_MS)
    assert feed.settle(T0_MS).changed == set()
    assert feed.newest_ms == 0


def test_the_newest_exchange_time_is_heard() -> None:
    feed = a_feed()
    feed.take(a_frame("trades", [trade(time_ms=T0_MS + 7)]), T0_MS)
    feed.take(book(time_ms=T0_MS + 3), T0_MS)
    feed.settle(T0_MS)
    assert feed.newest_ms == T0_MS + 7
    feed.begin(T0_MS)
    assert feed.newest_ms == 0


def test_every_watched_stream_must_be_heard_even_the_first_time() -> None:
    feed = a_feed()
    assert len(WATCHED) == 13
    assert feed.silent(T0_MS) is None
    feed.take(mids(), T0_MS + 10)
    assert feed.silent(T0_MS + 1) == "activeAssetCtx BTC"
    for symbol in SYMBOLS:
        feed.take(context(symbol.value), T0_MS + 10)
        feed.take(book(symbol.value), T0_MS + (9 if symbol is Symbol.SOL else 10))
    assert feed.silent(T0_MS + 10) == "l2Book SOL"
    assert feed.silent(T0_MS + 9) is None


def test_an_unreadable_trade_is_refused_at_receipt() -> None:
    feed = a_feed()
    for bad in (trade(price="0"), trade(side="X"), trade() | {"sz": "-1"}):
        with pytest.raises(UnreadableFrame):
            feed.take(a_frame("trades", [bad]), T0_MS)


def test_open_interest_is_averaged_over_one_sample_a_minute() -> None:
    feed = a_feed()
    for seconds, coins in ((0, "100"), (30, "900"), (60, "200")):
        feed.take(context(openInterest=coins), T0_MS + seconds * 1000)
        feed.settle(T0_MS)
    assert feed.coins[Symbol.BTC].open_interest_average_coin == 150.0


def test_the_book_in_figures() -> None:
    coin = a_known_feed().coins[Symbol.BTC]
    summary = coin.book_summary()
    assert summary is not None
    assert (summary.bid_depth_usd, summary.ask_depth_usd) == (200.0, 101.0)
    assert summary.imbalance == round(99 / 301, 4)
    assert summary.spread_bps == round(1 / 100.5 * 10_000, 3)
    coin.asks = []
    assert coin.book_summary() is None
