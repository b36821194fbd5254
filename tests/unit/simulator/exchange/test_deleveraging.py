"""Auto-deleveraging: who is closed, in which order, for how much and at which price."""

from typing import Any

import pytest

from simulator.exchange.deleveraging import deleverage, winners
from simulator.exchange.trading import margin
from simulator.market.coins import COINS
from simulator.testing.manual_exchange import T0, A, B, D, ManualExchange

C = "0x" + "cc" * 20
NOTE: dict[str, Any] = {"liquidatedUser": A, "markPx": "3800.0", "method": "backstop"}


@pytest.fixture
def venue() -> ManualExchange:
    """A is long 4 ETH; B, with twice the leverage of C, and C are short 3 each."""
    venue = ManualExchange()
    venue.exchange.deposit(C, D(100_000), T0)
    venue.set_book("ETH", 4_000, [(3_999, 1_000)], [(4_001, 1_000)])
    for address, leverage in ((A, 20), (B, 20), (C, 10)):
        margin.set_leverage(venue.exchange, address, COINS["ETH"], leverage, is_cross=False)
    venue.order(A, 4, 4_001, "Ioc")
    venue.order(B, -3, 3_999, "Ioc")
    venue.order(C, -3, 3_999, "Ioc")
    venue.set_book("ETH", 3_800, [(3_799, 1_000)], [(3_801, 1_000)])
    venue.fills.clear()
    return venue


def deleveraged(venue: ManualExchange, price: str = "3805") -> D:
    loser, marks = venue.account(A), venue.exchange.marks()
    position = loser.positions["ETH"]
    closed = deleverage(venue.exchange, loser, position, D(price), NOTE, marks, venue.now_ms)
    venue.collect()
    return closed


def test_the_most_profitable_leverage_is_closed_first(venue: ManualExchange) -> None:
    ranked = winners(venue.exchange, "ETH", False, venue.exchange.marks())
    assert [account.address for account in ranked] == [B, C]
    assert deleveraged(venue) == 4
    assert [venue.size(address) for address in (A, B, C)] == [0, 0, D(-2)]


def test_both_sides_of_a_match_share_its_price_and_number(venue: ManualExchange) -> None:
    deleveraged(venue)
    assert {fill.price for fill in venue.fills} == {D(3805)}
    by_number: dict[int, list[str]] = {}
    for fill in venue.fills:
        by_number.setdefault(fill.tid, []).append(fill.account)
    assert list(by_number.values()) == [[A, B], [A, C]]
    assert [fill.liquidation for fill in venue.fills if fill.account == A] == [NOTE, NOTE]


def test_losers_and_the_same_side_are_left_alone(venue: ManualExchange) -> None:
    marks = venue.exchange.marks()
    assert winners(venue.exchange, "ETH", True, marks) == []
    assert winners(venue.exchange, "BTC", False, marks) == []
    venue.set_book("ETH", 4_100, [(4_099, 1_000)], [(4_101, 1_000)])
    assert winners(venue.exchange, "ETH", False, venue.exchange.marks()) == []


def test_no_more_is_closed_than_winners_hold(venue: ManualExchange) -> None:
    venue.order(B, 3, 3_801, "Ioc")
    venue.fills.clear()
    assert deleveraged(venue) == 3
    assert [venue.size(address) for address in (A, C)] == [1, 0]


@pytest.mark.parametrize("price", ["0", "-5"])
def test_a_price_of_nothing_closes_nothing(venue: ManualExchange, price: str) -> None:
    assert deleveraged(venue, price) == 0
    assert venue.fills == []
