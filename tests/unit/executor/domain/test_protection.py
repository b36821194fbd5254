"""Protection read off the orders that rest on the exchange."""

from decimal import Decimal

import pytest

from common.events import AccountOrder
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side
from executor.domain.account import Position
from executor.domain.protection import is_past_stop, is_protected, protective_orders

D = Decimal


def position(side: Side = Side.LONG, size: str = "1.5") -> Position:
    return Position(
        symbol=Symbol.ETH,
        side=side,
        size_coin=D(size),
        entry_price=D(2500),
        mark_price=D(2510),
        leverage=5,
        is_isolated=True,
        notional_usd=D(3765),
        unrealized_pnl_usd=D(0),
        margin_used_usd=D(750),
        liquidation_price=None,
        funding_since_open_usd=D(0),
        max_leverage=25,
    )


def resting(
    trigger: str,
    size: str,
    *,
    side: OrderSide = OrderSide.SELL,
    role: OrderRole = OrderRole.UNKNOWN,
    reduce_only: bool = True,
) -> AccountOrder:
    return AccountOrder(
        order_id=1,
        client_order_id=None,
        symbol=Symbol.ETH,
        role=role,
        side=side,
        size_coin=D(size),
        price=D(1),
        trigger_price=D(trigger),
        reduce_only=reduce_only,
    )


def test_a_position_is_protected_when_stops_cover_it_whole() -> None:
    assert not is_protected(position(), [])
    assert not is_protected(position(), [resting("2375", "1.4")])
    assert is_protected(position(), [resting("2375", "1"), resting("2400", "0.5")])
    assert not is_protected(position(), [resting("2750", "1.5")])
    assert not is_protected(position(), [resting("2375", "1.5", reduce_only=False)])
    assert not is_protected(position(), [resting("2375", "1.5", side=OrderSide.BUY)])
    assert is_protected(position(Side.SHORT), [resting("2625", "1.5", side=OrderSide.BUY)])
    assert not is_protected(position(Side.SHORT), [resting("2375", "1.5", side=OrderSide.BUY)])


def test_a_whole_position_stop_of_size_zero_protects() -> None:
    assert is_protected(position(), [resting("2375", "0")])


def test_a_known_stop_stays_a_stop_when_the_mark_has_passed_it() -> None:
    stop, target = resting("2520", "1.5", role=OrderRole.STOP), resting("2505", "1.5", role=OrderRole.TARGET)
    assert protective_orders(position(), [stop, target], is_stop=True) == [stop]
    assert protective_orders(position(), [stop, target], is_stop=False) == [target]


@pytest.mark.parametrize(
    ("side", "trigger", "is_past"),
    [(Side.LONG, "2510", True), (Side.LONG, "2509", False), (Side.SHORT, "2510", True), (Side.SHORT, "2511", False)],
)
def test_a_stop_at_the_mark_or_beyond_it_has_triggered(side: Side, trigger: str, is_past: bool) -> None:
    closing = OrderSide.SELL if side is Side.LONG else OrderSide.BUY
    assert is_past_stop(position(side), [resting(trigger, "1.5", side=closing, role=OrderRole.STOP)]) is is_past
