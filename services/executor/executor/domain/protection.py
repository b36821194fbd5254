"""Whether a position's stops protect it. Pure."""

from decimal import Decimal

from common.events import AccountOrder, OrderRole
from common.trading.orders import OrderSide, Side
from executor.domain.account import WirePosition


def protective(position: WirePosition, orders: list[AccountOrder], *, is_stop: bool) -> list[AccountOrder]:
    """Reduce-only triggers that limit the position's loss (or take its profit), nearest first."""
    closing = OrderSide.SELL if position.side is Side.LONG else OrderSide.BUY
    found = [
        order
        for order in orders
        if order.symbol is position.symbol
        and order.reduce_only
        and order.side is closing
        and order.trigger_price is not None
        and _is_stop(order, position) == is_stop
    ]
    return sorted(found, key=lambda order: abs((order.trigger_price or Decimal(0)) - position.mark_price))


def _is_stop(order: AccountOrder, position: WirePosition) -> bool:
    """By its role where the order is ours, else by the side of the mark on which it waits."""
    if order.role in (OrderRole.STOP, OrderRole.TARGET):
        return order.role is OrderRole.STOP
    return ((order.trigger_price or Decimal(0)) < position.mark_price) == (position.side is Side.LONG)


def is_past_stop(position: WirePosition, orders: list[AccountOrder]) -> bool:
    """Whether the mark has passed a stop as it was seen last: it has gone off by now, perhaps without a fill."""
    stops = [order.trigger_price for order in protective(position, orders, is_stop=True) if order.trigger_price]
    if position.side is Side.LONG:
        return any(price >= position.mark_price for price in stops)
    return any(price <= position.mark_price for price in stops)


def is_protected(position: WirePosition, orders: list[AccountOrder]) -> bool:
    """Whether the stops on the exchange cover the whole size; one of size zero stands for whatever is held."""
    sizes = [order.size_coin for order in protective(position, orders, is_stop=True)]
    return any(size == 0 for size in sizes) or sum(sizes, Decimal(0)) >= position.size_coin
