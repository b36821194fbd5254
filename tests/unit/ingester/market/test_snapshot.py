"""One frozen state of all markets per cycle."""

import pytest
from ingester_frames import COINS, T0_MS, book, build_candle, build_frame, context, known_feed, wire_trade

from common.events import MarketSnapshot
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.exchange.feed import Feed
from ingester.market.candles import Candle, list_series
from ingester.market.cycles import Cycle, Run
from ingester.market.open_interest import OpenInterestHistory, OpenInterestSamples
from ingester.market.snapshot import IncompleteMarket, freeze
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


def test_what_is_frozen_unchecked_is_valid() -> None:
    feed = complete_feed()
    feed.receive(build_frame("trades", [wire_trade(time_ms=BOUNDARY_MS - 5)]), BOUNDARY_MS)
    for snapshot in (frozen(feed), frozen(known_feed(BOUNDARY_MS))):
        assert MarketSnapshot.model_validate(snapshot.model_dump(), strict=True) == snapshot
        assert snapshot.model_dump_json() == MarketSnapshot(**snapshot.model_dump()).model_dump_json()
