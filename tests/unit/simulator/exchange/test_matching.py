"""Price-time priority: depth, queue places, the market's flow, traders against each other."""

import pytest

from simulator.exchange.errors import OrderError
from simulator.exchange.state.order_books import OrderBooks
from simulator.market.market import Market
from simulator.testing.manual_exchange import T0, A, B, D, ManualExchange


@pytest.fixture
def venue() -> ManualExchange:
    return ManualExchange()


def test_a_taker_fills_level_by_level(venue: ManualExchange) -> None:
    order = venue.order(A, 25, 4_005, "Ioc")
    assert [(fill.price, fill.size) for fill in venue.fills] == [(D(4001), D(10)), (D(4002), D(10))]
    assert (order.status, order.filled, order.size) == ("canceled", D(20), D(5))


def test_the_rest_of_a_resting_order_stays_in_the_book(venue: ManualExchange) -> None:
    order = venue.order(A, 12, 4_001)
    assert (order.status, order.filled, order.size) == ("open", D(10), D(2))
    assert venue.exchange.books.best("ETH", True) == D(4001)
    assert venue.exchange.books.view("ETH", True)[0].size == D(2)


def test_taken_depth_is_missing_from_the_next_book_and_recovers(venue: ManualExchange) -> None:
    venue.order(A, 10, 4_001, "Ioc")
    books = [(4_001, 10), (4_002, 10)]
    venue.set_book("ETH", 4_000, [(3_999, 10)], books)
    venue.step(seconds=1)
    missing = 10 - float(venue.exchange.books.levels("ETH", False)[0].size)
    assert 8 < missing < 10
    venue.set_book("ETH", 4_000, [(3_999, 10)], books)
    venue.step(seconds=120)
    assert venue.exchange.books.levels("ETH", False)[0].size == D(10)


def test_an_order_waits_for_the_size_ahead_at_its_price(venue: ManualExchange) -> None:
    order = venue.order(A, 2, 3_999)
    venue.step([venue.market_trade("A", 3_999, 6)])
    assert (order.filled, order.ahead) == (D(0), D(4))
    venue.step([venue.market_trade("A", 3_999, 5)])
    assert order.filled == D(1)
    assert venue.fills[-1].fee == round(D(3999) * D("0.00015"), 6)
    assert not venue.fills[-1].crossed
    venue.step([venue.market_trade("A", 3_999, 5)])
    assert order.status == "filled"


def test_a_better_price_fills_before_the_markets_levels(venue: ManualExchange) -> None:
    order = venue.order(A, 2, 4_000)
    venue.step([venue.market_trade("A", 3_999, 1.5)])
    assert (order.filled, order.filled_usd) == (D("1.5"), D(6000))


def test_a_market_moving_through_an_order_fills_it_at_its_price(venue: ManualExchange) -> None:
    order = venue.order(A, 12, 3_999)
    venue.set_book("ETH", 3_990, [(3_980, 10)], [(3_990, 8), (4_001, 10)])
    venue.step()
    assert (order.filled, order.filled_usd) == (D(8), D(8) * 3999)
    assert venue.exchange.books.best("ETH", False) == D(4001)


def test_two_accounts_match_at_the_resting_price_with_one_trade_id(venue: ManualExchange) -> None:
    before = venue.exchange.house.raw_usd
    resting = venue.order(A, -3, 4_000)
    taker = venue.order(B, 3, 4_005, "Ioc")
    assert (resting.status, taker.status) == ("filled", "filled")
    first, second = venue.fills
    assert (first.tid, first.price, first.counterparty) == (second.tid, D(4000), A)
    assert (first.crossed, second.crossed) == (True, False)
    assert venue.exchange.house.raw_usd == before
    assert (venue.size(A), venue.size(B)) == (D(-3), D(3))


def test_at_one_price_market_size_fills_first_then_the_older_order(venue: ManualExchange) -> None:
    first, second = venue.order(A, -1, 4_001), venue.order(B, -1, 4_001)
    assert first.ahead == second.ahead == D(10)
    venue.step([venue.market_trade("B", 4_001, 11)])
    assert (first.status, second.filled) == ("filled", D(0))


def test_a_self_trade_cancels_the_resting_order(venue: ManualExchange) -> None:
    mine = venue.order(A, -3, 4_000)
    taker = venue.order(A, 3, 4_001, "Ioc")
    assert mine.status == "selfTradeCanceled"
    assert (taker.status, taker.filled_usd) == ("filled", D(3) * 4001)


def test_post_only_names_the_best_prices(venue: ManualExchange) -> None:
    with pytest.raises(OrderError, match=r"bbo was 3999\.0@4001\.0\.$"):
        venue.order(A, 1, 4_001, "Alo")
    assert venue.order(A, 1, 4_000, "Alo").is_open


def test_an_immediate_order_without_a_match_is_refused(venue: ManualExchange) -> None:
    with pytest.raises(OrderError, match="could not immediately match"):
        venue.order(A, 1, 3_500, "Ioc")
    venue.collect()
    assert list(venue.ended.values()) == ["iocCancelRejected"]


def test_a_resting_order_without_margin_is_cancelled_when_it_would_match(venue: ManualExchange) -> None:
    order = venue.order(A, 20, 3_995)
    venue.account(A).raw_usd = D(10)
    venue.step([venue.market_trade("A", 3_990, 30)])
    assert order.status == "marginCanceled"
    assert venue.size(A) == 0


def test_taking_leaves_multiples_of_the_lot() -> None:
    """Found by simulation: a rest of 0.9 of a coin that trades in whole ones can't be protected, nor closed."""
    market = Market(1, T0)
    books = OrderBooks(market)
    for step in range(1, 40):
        market.step(T0 + step * 250)
        books.refresh(0.25)
        for coin in ("DOGE", "XRP"):
            levels = books.levels(coin, False)
            assert all(level.size == level.size.to_integral_value() for level in levels), (coin, levels)
            books.take_from(coin, False, levels[0], D(1))


@pytest.mark.parametrize("is_buy", [True, False])
def test_a_resting_taker_of_the_whole_side_does_not_cross_the_last_lot(venue: ManualExchange, is_buy: bool) -> None:
    venue.set_book("ETH", 4_000, [(3_999, 1), (3_998, 1)], [(4_001, 1), (4_002, 1)])
    price = 4_100 if is_buy else 3_900
    order = venue.order(A, 5 if is_buy else -5, price)
    assert order.filled == D("1.9999")
    [last] = venue.exchange.books.levels("ETH", not is_buy)
    assert (last.price, last.size) == (D(price) + (D("0.1") if is_buy else D("-0.1")), D("0.0001"))
    venue.set_book("ETH", 4_000, [(3_999, 1)], [(4_001, 1)])
    venue.step()
    assert venue.exchange.books.best("ETH", True) < venue.exchange.books.best("ETH", False)  # type: ignore[operator]


def test_orders_behind_the_last_lot_are_reached(venue: ManualExchange) -> None:
    venue.set_book("ETH", 4_000, [(3_999, 1)], [(4_001, 1)])
    behind = venue.order(B, -1, 4_001)
    order = venue.order(A, 3, 4_010)
    assert (behind.status, order.filled) == ("filled", D("1.9999"))
