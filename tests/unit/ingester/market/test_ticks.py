"""Ticks and price pushes from the coins' state."""

from ingester_frames import COINS, T0_MS, known_feed, mids

from common.events import Channel
from common.trading.instruments import Symbol
from ingester.market.state import MarketState
from ingester.market.ticks import PricePushes, build_ticks


def test_one_tick_per_changed_and_known_coin_in_order() -> None:
    feed = known_feed()
    ticks = build_ticks(feed.market.coins, {Symbol.XRP, Symbol.BTC}, T0_MS, T0_MS + 40)
    assert [tick.data.symbol for tick in ticks] == [Symbol.BTC, Symbol.XRP]
    assert (ticks[0].time_ms, ticks[0].recorded_ms) == (T0_MS, T0_MS + 40)
    assert len({tick.id for tick in ticks}) == 2
    assert build_ticks(MarketState(COINS).coins, COINS, T0_MS, T0_MS) == []


def test_a_push_holds_the_coins_that_moved() -> None:
    feed, pushes = known_feed(), PricePushes()
    everything = build_ticks(feed.market.coins, COINS, T0_MS, T0_MS)
    (first,) = pushes.build(everything, T0_MS, T0_MS)
    assert first.data.channel is Channel.PRICE_UPDATE
    assert list(first.data.data["prices"]) == [symbol.value for symbol in COINS]
    assert pushes.build(everything, T0_MS, T0_MS) == []
    feed.receive(mids("100.7", Symbol.ETH), T0_MS + 1)
    feed.apply_pending(T0_MS + 1)
    (second,) = pushes.build(build_ticks(feed.market.coins, COINS, T0_MS + 1, T0_MS), T0_MS + 1, T0_MS)
    assert second.data.data == {"prices": {"ETH": {"price": "100.7", "mark_price": "100.4", "time_ms": T0_MS + 1}}}
