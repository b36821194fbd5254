"""Ticks, price pushes and cache values out of the coins' state."""

import json
from decimal import Decimal

from common.events import Channel
from common.trading.instruments import Symbol
from common.trading.symbols import SYMBOLS
from ingester.book import CoinState
from ingester.cache import book_value, candle_of, candle_value, price_value
from ingester.feed import Feed
from ingester.testing import T0_MS, a_candle, a_known_feed, mids
from ingester.ticks import PricePushes, ticks_of


def test_one_tick_per_changed_and_known_coin_in_order() -> None:
    feed = a_known_feed()
    ticks = ticks_of(feed.coins, {Symbol.XRP, Symbol.BTC}, T0_MS, T0_MS + 40)
    assert [tick.data.symbol for tick in ticks] == [Symbol.BTC, Symbol.XRP]
    assert (ticks[0].time_ms, ticks[0].recorded_ms) == (T0_MS, T0_MS + 40)
    assert len({tick.id for tick in ticks}) == 2
    assert ticks_of(Feed().coins, SYMBOLS, T0_MS, T0_MS) == []


def test_a_push_holds_the_coins_that_moved() -> None:
    feed, pushes = a_known_feed(), PricePushes()
    everything = ticks_of(feed.coins, SYMBOLS, T0_MS, T0_MS)
    (first,) = pushes.of(everything, T0_MS, T0_MS)
    assert first.data.channel is Channel.PRICE_UPDATE
    assert list(first.data.data["prices"]) == [symbol.value for symbol in SYMBOLS]
    assert pushes.of(everything, T0_MS, T0_MS) == []
    feed.take(mids("100.7", Symbol.ETH), T0_MS + 1)
    feed.settle(T0_MS + 1)
    (second,) = pushes.of(ticks_of(feed.coins, SYMBOLS, T0_MS + 1, T0_MS), T0_MS + 1, T0_MS)
    assert second.data.data == {"prices": {"ETH": {"price": "100.7", "mark_price": "100.4", "time_ms": T0_MS + 1}}}


def test_a_cached_price_carries_the_time_at_which_it_was_heard() -> None:
    coin = a_known_feed().coins[Symbol.BTC]
    coin.take_mid(Decimal("101.25"), T0_MS + 9)
    body = json.loads(price_value(coin) or b"")
    assert (body["symbol"], body["price"], body["time_ms"]) == ("BTC", "101.25", T0_MS + 9)
    assert body["day_volume_usd"] == "5000000.2557999999"


def test_a_cached_book_carries_the_exchanges_time() -> None:
    body = json.loads(book_value(a_known_feed().coins[Symbol.SOL]) or b"")
    assert body == {
        "symbol": "SOL",
        "time_ms": T0_MS,
        "bids": [{"price": "100.0", "size": "2.0"}],
        "asks": [{"price": "101.0", "size": "1.0"}],
    }


def test_nothing_known_is_not_cached() -> None:
    assert price_value(CoinState(Symbol.BTC)) is None
    assert book_value(CoinState(Symbol.BTC)) is None


def test_a_candle_survives_the_cache_and_is_closed_when_its_end_has_passed() -> None:
    candle = a_candle(close=100.25)
    value = candle_value(candle, "1m", T0_MS + 59_999)
    assert candle_of(value) == candle
    assert json.loads(value)["is_closed"] is False
    assert json.loads(candle_value(candle, "1m", T0_MS + 60_000))["is_closed"] is True
