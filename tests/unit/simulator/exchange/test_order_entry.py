"""An order's rules: refusals, reduce-only, brackets, tied triggers, scheduled cancels, TWAPs."""

from decimal import Decimal

import pytest

from simulator.exchange.errors import BatchError, OrderError
from simulator.exchange.state.orders import Order
from simulator.exchange.trading import order_close, twap
from simulator.market.coins import COINS
from simulator.testing.manual_exchange import A, B, D, ManualExchange


@pytest.fixture
def venue() -> ManualExchange:
    return ManualExchange()


@pytest.mark.parametrize(
    ("size", "price", "text"),
    [
        (1, "4000.12", "Price must be divisible by tick size."),
        (1, "4000.123", "Order has invalid price."),
        ("0.00001", 4000, "Order has invalid size."),
        (1, 700, "more than 80% away"),
        (1, 8000, "more than 80% away"),
    ],
)
def test_a_statically_invalid_order_refuses_the_batch(
    venue: ManualExchange, size: float, price: float, text: str
) -> None:
    with pytest.raises(BatchError, match=text):
        venue.order(A, Decimal(str(size)), price)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "price", "options", "text"),
    [
        (0, 4000, {}, "zero size"),
        ("0.001", 4000, {}, r"minimum value of \$10"),
        (-1, 3990, {"reduce_only": True}, "Reduce only order would increase position"),
        (1_000, 4001, {}, "Insufficient margin"),
    ],
)
def test_an_invalid_order_is_refused_alone(
    venue: ManualExchange, size: float, price: float, options: dict[str, bool], text: str
) -> None:
    with pytest.raises(OrderError, match=text):
        venue.order(A, Decimal(str(size)), price, **options)  # type: ignore[arg-type]


def test_reduce_only_is_capped_and_the_oldest_excess_is_cancelled(venue: ManualExchange) -> None:
    venue.order(A, 3, 4_001, "Ioc")
    first = venue.order(A, -2, 4_100, reduce_only=True)
    second = venue.order(A, -2, 4_200, reduce_only=True)
    assert (first.status, second.status) == ("reduceOnlyCanceled", "open")
    closing = venue.order(A, -9, 3_998, "Ioc", reduce_only=True)
    assert (closing.filled, venue.size()) == (D(3), 0)
    assert second.status == "reduceOnlyCanceled"


def bracket(venue: ManualExchange, size: float, price: float, tif: str) -> tuple[Order, Order, Order]:
    parent = venue.order(A, size, price, tif)
    stop = venue.trigger(A, -size, 3_800, "sl", parent=parent)
    target = venue.trigger(A, -size, 4_400, "tp", parent=parent)
    return parent, stop, target


def test_children_wait_for_a_full_fill(venue: ManualExchange) -> None:
    parent, stop, target = bracket(venue, 12, 4_001, "Gtc")
    assert (parent.filled, stop.waits, target.waits) == (D(10), True, True)
    venue.set_book("ETH", 3_790, [(3_789, 50)], [(3_791, 50)])
    venue.step()
    assert parent.status == "filled"
    assert not stop.waits
    assert venue.ended[stop.oid] == "filled"
    assert venue.ended[target.oid] == "siblingFilledCanceled"
    assert venue.size() == 0


def test_a_child_smaller_than_its_entry_stays_as_small(venue: ManualExchange) -> None:
    parent = venue.order(A, 12, 4_001)
    half = venue.trigger(A, -5, 4_400, "tp", parent=parent)
    venue.set_book("ETH", 4_000, [(3_999, 10)], [(4_001, 10)])
    venue.step(seconds=60)
    assert (parent.status, half.waits, half.size) == ("filled", False, D(5))


def test_children_of_a_cancelled_parent_are_cancelled_after_a_partial_fill(venue: ManualExchange) -> None:
    parent, stop, target = bracket(venue, 12, 4_001, "Gtc")
    order_close.cancel(venue.exchange, A, parent.oid, venue.now_ms)
    assert (stop.status, target.status, venue.size()) == ("canceled", "canceled", D(10))


def test_one_child_fills_and_the_other_is_cancelled(venue: ManualExchange) -> None:
    _, stop, target = bracket(venue, 5, 4_001, "Gtc")
    venue.set_book("ETH", 4_405, [(4_404, 50)], [(4_406, 50)])
    venue.step()
    assert (target.status, stop.status) == ("filled", "siblingFilledCanceled")
    assert venue.fills[-1].closed_pnl == D(5) * (4404 - 4001)


def test_a_trigger_fires_on_the_mark_not_on_the_book(venue: ManualExchange) -> None:
    venue.order(A, 5, 4_001, "Gtc")
    stop = venue.trigger(A, -5, 3_800, "sl")
    venue.set_book("ETH", 4_000, [(3_700, 50)], [(3_701, 50)])
    venue.market.coins["ETH"].mark = 4_000
    venue.step()
    assert stop.is_open


def test_a_reached_trigger_is_refused(venue: ManualExchange) -> None:
    venue.order(A, 5, 4_001, "Gtc")
    with pytest.raises(OrderError, match="Invalid TP/SL price"):
        venue.trigger(A, -5, 4_100, "sl")


def test_a_position_trigger_follows_the_position_size(venue: ManualExchange) -> None:
    venue.order(A, 5, 4_001, "Gtc")
    stop = venue.trigger(A, -5, 3_800, "sl")
    stop.is_position_tpsl = True
    venue.order(A, 2, 4_002, "Gtc")
    assert stop.size == D(7)
    venue.order(A, -3, 3_998, "Ioc", reduce_only=True)
    assert stop.size == D(4)
    venue.order(A, -4, 3_990, "Ioc", reduce_only=True)
    assert stop.status == "canceled"


def test_a_scheduled_cancel_cancels_all_orders_and_closes_no_position(venue: ManualExchange) -> None:
    venue.order(A, 5, 4_001, "Gtc")
    resting, stop = venue.order(A, 1, 3_900), venue.trigger(A, -5, 3_800, "sl")
    venue.account().cancel_all_ms = venue.now_ms + 500
    venue.step()
    assert resting.is_open
    venue.step()
    assert (resting.status, stop.status, venue.size()) == ("scheduledCancel", "scheduledCancel", D(5))


def test_a_twap_is_executed_in_slices_and_ends(venue: ManualExchange) -> None:
    begun = twap.start(
        venue.exchange, A, COINS["ETH"], is_buy=True, size=D(20), reduce_only=False, minutes=5, randomize=False,
        now_ms=venue.now_ms,
    )  # fmt: skip
    for number in range(1, 12):
        venue.set_book("ETH", 4_000, [(3_999, 50)], [(4_001, 50)])
        venue.step(seconds=0.25 if number == 1 else 30)
        assert begun.executed == min(D(2) * number, D(20)), number
    assert begun.status == "finished"
    assert all(fill.twap_id == begun.id for fill in venue.fills)
    assert venue.size() == D(20)


def test_a_twap_catches_up_at_most_threefold(venue: ManualExchange) -> None:
    begun = twap.start(
        venue.exchange, A, COINS["ETH"], is_buy=True, size=D(20), reduce_only=False, minutes=5, randomize=False,
        now_ms=venue.now_ms,
    )  # fmt: skip
    for _ in range(5):
        venue.set_book("ETH", 4_000, [(3_999, 50)], [(4_400, 50)])
        venue.step(seconds=30)
    assert begun.executed == 0
    venue.set_book("ETH", 4_000, [(3_999, 50)], [(4_001, 50)])
    venue.step(seconds=30)
    assert begun.executed == D(6)


def test_a_cloid_finds_the_latest_order_that_had_it(venue: ManualExchange) -> None:
    cloid = "0x" + "0" * 31 + "1"
    first = venue.order(A, 1, 3_900, cloid=cloid)
    order_close.cancel(venue.exchange, A, first.oid, venue.now_ms)
    second = venue.order(A, 1, 3_901, cloid=cloid)
    assert venue.exchange.cloids[A, cloid] == second.oid
    assert (B, cloid) not in venue.exchange.cloids


def test_a_cloid_still_finds_the_latest_when_an_older_one_ends(venue: ManualExchange) -> None:
    cloid = "0x" + "5" * 32
    older, latest = (venue.order(A, 1, price, cloid=cloid) for price in (3_900, 3_901))
    order_close.cancel(venue.exchange, A, older.oid, venue.now_ms)
    assert venue.exchange.cloids[A, cloid] == latest.oid
