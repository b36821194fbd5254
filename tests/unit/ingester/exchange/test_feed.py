"""Frames into market state: conflation, order, and what a bad frame may not do."""

from decimal import Decimal

import pytest
from ingester_frames import COINS, T0_MS, bbo, book, build_frame, context, known_feed, mids, wire_candle, wire_trade

from common.trading.instruments import Symbol
from ingester.exchange.connection import list_subscriptions
from ingester.exchange.feed import Feed, list_monitored_streams
from ingester.exchange.wire import UnreadableFrame
from ingester.market.state import MarketState


def connected_feed() -> Feed:
    feed = Feed(MarketState(COINS))
    feed.begin_connection(T0_MS)
    return feed


def test_only_the_newest_state_frame_of_a_coin_is_applied() -> None:
    feed = connected_feed()
    # The first of the two could not even be read: it must never be decoded.
    feed.receive(build_frame("l2Book", {"coin": "BTC", "levels": "garbage"}), T0_MS)
    feed.receive(book(bid="99.0"), T0_MS + 1)
    feed.receive(book("ETH", bid="98.0"), T0_MS + 2)
    applied = feed.apply_pending(T0_MS)
    assert applied.changed == {Symbol.BTC, Symbol.ETH}
    assert applied.unreadable == []
    assert feed.market.coins[Symbol.BTC].top.bid_price == Decimal("99.0")
    assert feed.market.coins[Symbol.BTC].book_received_ms == T0_MS + 1
    assert feed.apply_pending(T0_MS).changed == set()


def test_every_trade_and_candle_counts() -> None:
    feed = connected_feed()
    for number in range(3):
        feed.receive(build_frame("trades", [wire_trade(trade_id=number)]), T0_MS)
        feed.receive(build_frame("candle", wire_candle(T0_MS + number * 60_000)), T0_MS)
    assert feed.market.coins[Symbol.BTC].tape.flow(T0_MS).trade_count == 3
    assert len(feed.market.candles.read((Symbol.BTC, "1m"))) == 3


def test_a_coin_is_known_with_price_context_and_book() -> None:
    feed = connected_feed()
    assert feed.market.list_unknown() == [symbol.value for symbol in COINS]
    feed.receive(mids(), T0_MS)
    feed.receive(context(midPx=None), T0_MS)
    feed.apply_pending(T0_MS)
    assert "BTC" in feed.market.list_unknown()
    feed.receive(bbo(), T0_MS)
    feed.apply_pending(T0_MS)
    assert feed.market.list_unknown() == [symbol.value for symbol in COINS[1:]]
    tick = feed.market.coins[Symbol.BTC].tick()
    assert tick is not None
    assert (tick.mid_price, tick.mark_price, tick.best_ask_price) == (
        Decimal("100.5"),
        Decimal("100.4"),
        Decimal("101.0"),
    )
    assert tick.funding_rate_hourly == Decimal("-0.0000125")


def test_only_moved_mids_count_as_a_change() -> None:
    feed = known_feed()
    feed.receive(mids("100.5"), T0_MS + 5)
    assert feed.apply_pending(T0_MS + 5).changed == set()
    assert feed.market.coins[Symbol.BTC].price_time_ms == T0_MS + 5
    feed.receive(mids("100.6", Symbol.DOGE), T0_MS + 6)
    assert feed.apply_pending(T0_MS + 6).changed == {Symbol.DOGE}
    # A coin that a message leaves out keeps the time at which its price was heard.
    assert feed.market.coins[Symbol.BTC].price_time_ms == T0_MS + 5


def test_one_bad_frame_is_skipped_alone() -> None:
    feed = known_feed()
    feed.receive(context("BTC", markPx="NaN"), T0_MS + 1)
    feed.receive(context("ETH", markPx="55.0"), T0_MS + 1)
    applied = feed.apply_pending(T0_MS)
    assert applied.changed == {Symbol.ETH}
    assert len(applied.unreadable) == 1
    bitcoin = feed.market.coins[Symbol.BTC].context
    assert bitcoin is not None
    assert bitcoin.mark_price == Decimal("100.4")


def test_a_crossed_book_is_refused() -> None:
    feed = known_feed()
    feed.receive(book(time_ms=T0_MS + 1, bid="102.0", ask="101.0"), T0_MS + 1)
    assert feed.apply_pending(T0_MS).unreadable == ["l2Book: bid 102.0 not below ask 101.0"]
    assert feed.market.coins[Symbol.BTC].top.bid_price == Decimal("100.0")


def test_late_books_change_nothing_until_a_new_connection() -> None:
    feed = known_feed()
    feed.receive(book(time_ms=T0_MS - 1, bid="90.0"), T0_MS + 1)
    feed.receive(bbo(time_ms=T0_MS - 1, bid="91.0"), T0_MS + 1)
    assert feed.apply_pending(T0_MS).changed == set()
    assert feed.market.coins[Symbol.BTC].top.bid_price == Decimal("100.0")
    feed.begin_connection(T0_MS + 2)
    feed.receive(book(time_ms=T0_MS - 1, bid="90.0"), T0_MS + 3)
    assert feed.apply_pending(T0_MS).changed == {Symbol.BTC}
    assert feed.market.coins[Symbol.BTC].top.bid_price == Decimal("90.0")


@pytest.mark.parametrize("bbo_first", [True, False])
def test_the_newer_of_bbo_and_book_gives_the_best_prices(bbo_first: bool) -> None:
    feed = known_feed()
    frames = [bbo(time_ms=T0_MS + 20, bid="99.5"), book(time_ms=T0_MS + 10, bid="99.0")]
    for frame in frames if bbo_first else reversed(frames):
        feed.receive(frame, T0_MS + 21)
    feed.apply_pending(T0_MS)
    coin = feed.market.coins[Symbol.BTC]
    assert coin.top.bid_price == Decimal("99.5")
    assert coin.book.bids[0].price == Decimal("99.0")


def test_other_coins_and_channels_are_left_alone() -> None:
    feed = connected_feed()
    for frame in (
        book("HYPE"),
        context("HYPE"),
        build_frame("trades", [wire_trade("HYPE")]),
        build_frame("candle", wire_candle(coin="HYPE")),
        build_frame("candle", wire_candle() | {"i": "3m"}),
        build_frame("pong", None),
        build_frame("user", {"fills": []}),
    ):
        feed.receive(frame, T0_MS)
    assert feed.apply_pending(T0_MS).changed == set()
    assert feed.newest_ms == 0


def test_the_newest_exchange_time_is_noted() -> None:
    feed = connected_feed()
    feed.receive(build_frame("trades", [wire_trade(time_ms=T0_MS + 7)]), T0_MS)
    feed.receive(book(time_ms=T0_MS + 3), T0_MS)
    feed.apply_pending(T0_MS)
    assert feed.newest_ms == T0_MS + 7
    feed.begin_connection(T0_MS)
    assert feed.newest_ms == 0


def test_every_monitored_stream_must_be_received() -> None:
    feed = connected_feed()
    assert len(list_monitored_streams(COINS)) == 1 + 2 * len(COINS)
    assert feed.find_silent_stream(T0_MS) is None
    feed.receive(mids(), T0_MS + 10)
    assert feed.find_silent_stream(T0_MS + 1) == "activeAssetCtx BTC"
    for symbol in COINS:
        feed.receive(context(symbol.value), T0_MS + 10)
        feed.receive(book(symbol.value), T0_MS + (9 if symbol is Symbol.SOL else 10))
    assert feed.find_silent_stream(T0_MS + 10) == "l2Book SOL"
    assert feed.find_silent_stream(T0_MS + 9) is None


def test_an_unreadable_trade_is_refused_at_receipt() -> None:
    feed = connected_feed()
    for bad in (wire_trade(price="0"), wire_trade(side="X"), wire_trade() | {"sz": "-1"}):
        with pytest.raises(UnreadableFrame):
            feed.receive(build_frame("trades", [bad]), T0_MS)


def test_a_roster_with_a_seventh_coin_is_subscribed_and_received() -> None:
    coins = (*COINS, Symbol.HYPE)
    assert {"type": "l2Book", "coin": "HYPE"} in list_subscriptions(coins)
    feed = Feed(MarketState(coins))
    feed.begin_connection(T0_MS)
    feed.receive(book("HYPE"), T0_MS)
    assert feed.apply_pending(T0_MS).changed == {Symbol.HYPE}
