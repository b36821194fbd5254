"""The order book in figures."""

from decimal import Decimal

from ingester.market.quotes import NO_BOOK, BookLevel, OrderBook


def test_a_books_summary() -> None:
    bids, asks = (BookLevel(Decimal(100), Decimal(2)),), (BookLevel(Decimal(101), Decimal(1)),)
    summary = OrderBook(7, bids, asks).summarize()
    assert summary is not None
    assert (summary.time_ms, summary.bid_depth_usd, summary.ask_depth_usd) == (7, 200.0, 101.0)
    assert summary.imbalance == round(99 / 301, 4)
    assert summary.spread_bps == round(1 / 100.5 * 10_000, 3)


def test_a_book_with_an_empty_side_has_no_summary() -> None:
    asks = (BookLevel(Decimal(101), Decimal(1)),)
    assert OrderBook(7, (), asks).summarize() is None
    assert OrderBook(7, (), asks).top.bid_price is None
    assert NO_BOOK.summarize() is None
