"""The newest state of one coin."""

from decimal import Decimal

from common.trading.instruments import Symbol
from ingester.market.coin import CoinState
from ingester.market.quotes import AssetContext, BookLevel, OrderBook, TopOfBook


def context(mid: str | None = "100") -> AssetContext:
    return AssetContext(
        mark_price=Decimal("100.4"),
        oracle_price=Decimal("100.2"),
        mid_price=None if mid is None else Decimal(mid),
        prev_day_price=Decimal(99),
        day_volume_usd=Decimal(5_000),
        funding_rate_hourly=Decimal("-0.0000125"),
        open_interest_coin=Decimal(1),
        premium=None,
    )


def book(time_ms: int, bid: int = 100, ask: int = 101) -> OrderBook:
    levels = ((BookLevel(Decimal(price), Decimal(2)),) for price in (bid, ask))
    return OrderBook(time_ms, *levels)


def test_a_contexts_mid_counts_only_until_a_mid_price_came() -> None:
    coin = CoinState(Symbol.BTC)
    coin.update_context(context(mid=None), 1, 1)
    assert coin.mid_price is None
    coin.update_context(context(mid="100"), 2, 2)
    assert coin.mid_price == Decimal(100)
    coin.update_mid(Decimal(103), 3)
    coin.update_context(context(mid="100"), 4, 4)
    assert coin.mid_price == Decimal(103)


def test_older_books_and_tops_change_nothing_until_the_order_is_reset() -> None:
    coin = CoinState(Symbol.BTC)
    assert coin.update_book(book(20), 1)
    assert not coin.update_book(book(19, bid=90), 2)
    assert not coin.update_top(TopOfBook(19, Decimal(91), None), 2)
    assert (coin.top.bid_price, coin.book_received_ms) == (Decimal(100), 1)
    coin.reset_order()
    assert coin.update_top(TopOfBook(19, Decimal(91), None), 3)
    assert coin.top.bid_price == Decimal(91)


def test_a_tick_needs_price_context_and_book() -> None:
    coin = CoinState(Symbol.BTC)
    coin.update_mid(Decimal(100), 1)
    coin.update_context(context(), 1, 1)
    assert not coin.is_known
    assert coin.tick() is None
    coin.update_book(book(1), 1)
    assert coin.is_known
    tick = coin.tick()
    assert tick is not None
    assert (tick.best_bid_price, tick.best_ask_price) == (Decimal(100), Decimal(101))
