"""A relayed book, and what the simulator's own traders took from it."""

import json
from decimal import Decimal

import pytest

from simulator.exchange.state.order_books import OrderBooks
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.relay import RelayMarket

T0 = 1_795_400_400_000
FEED_BOOK = {"bids": [(3_999, 10), (3_998, 10)], "asks": [(4_001, 10), (4_002, 10), (4_003, 10)]}


@pytest.fixture
def market() -> RelayMarket:
    market = RelayMarket(1, T0)
    for name in DEFAULT_LISTING.coins:
        levels = [[{"px": str(px), "sz": str(sz), "n": 1} for px, sz in side] for side in FEED_BOOK.values()]
        market.receive("l2Book", {"coin": name, "time": T0, "levels": levels})
    market.open_at(T0)
    return market


def shown(market: RelayMarket) -> list[tuple[int, float]]:
    return [(int(level.price), float(level.size)) for level in market.coins["ETH"].asks]


def buy(books: OrderBooks, size: int) -> None:
    """Takes from the best level that size, as a match does."""
    books.take_from("ETH", False, books.levels("ETH", False)[0], Decimal(size))


def step(market: RelayMarket, books: OrderBooks, seconds: int) -> None:
    market.step(market.time_ms + seconds * 1_000)
    books.refresh(seconds)


def test_taken_depth_recovers_without_a_new_book_from_the_feed(market: RelayMarket) -> None:
    books = OrderBooks(market)
    step(market, books, 1)
    buy(books, 10)
    buy(books, 5)
    assert shown(market) == [(4_002, 5.0), (4_003, 10.0)]
    step(market, books, 8)
    assert shown(market) == [(4_001, pytest.approx(10 - 15 / 2.71828, abs=1e-4)), *FEED_BOOK["asks"][1:]]
    step(market, books, 120)
    assert shown(market) == FEED_BOOK["asks"]


def test_taken_depth_is_still_missing_after_a_restart_and_recovers(market: RelayMarket) -> None:
    books = OrderBooks(market)
    step(market, books, 1)
    buy(books, 10)
    saved = json.loads(json.dumps([market.save(), books.save()]))
    again = RelayMarket(1, T0)
    again.load(saved[0], {})
    restored = OrderBooks(again)
    restored.load(saved[1])
    assert shown(again) == shown(market) == FEED_BOOK["asks"][1:]
    step(again, restored, 0)
    assert shown(again) == shown(market)
    step(again, restored, 120)
    assert shown(again) == FEED_BOOK["asks"]


def test_the_last_level_keeps_one_lot_however_much_was_taken(market: RelayMarket) -> None:
    books = OrderBooks(market)
    for _ in range(2):
        buy(books, 10)
    books.take_from("ETH", False, books.levels("ETH", False)[0], Decimal("9.9999"))
    step(market, books, 0)
    assert shown(market) == [(4_003, 0.0001)]
