"""Whether the stops that rest on the exchange protect a position. Pure."""

from decimal import Decimal

from common.events import AccountOrder
from common.trading.orders import OrderRole, Side, exit_side
from executor.domain.account import Position


def protective_orders(position: Position, orders: list[AccountOrder], *, is_stop: bool) -> list[AccountOrder]:
    """Reduce-only triggers that limit the position's loss (or take its profit), nearest to the mark first."""
    closing = exit_side(position.side)
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


def is_past_stop(position: Position, orders: list[AccountOrder]) -> bool:
    """Whether the mark has passed a stop as last polled: it has been triggered by now, perhaps without a fill."""
    stops = [order.trigger_price for order in protective_orders(position, orders, is_stop=True) if order.trigger_price]
    if position.side is Side.LONG:
        return any(price >= position.mark_price for price in stops)
    return any(price <= position.mark_price for price in stops)


def is_protected(position: Position, orders: list[AccountOrder]) -> bool:
    """Whether the stops cover the whole size; one of size zero covers whatever is held."""
    sizes = [order.size_coin for order in protective_orders(position, orders, is_stop=True)]
    return any(size == 0 for size in sizes) or sum(sizes, Decimal(0)) >= position.size_coin


def _is_stop(order: AccountOrder, position: Position) -> bool:
    """By its role where the tables know the order, else by the side of the mark on which it waits."""
    if order.role in (OrderRole.STOP, OrderRole.TARGET):
        return order.role is OrderRole.STOP
    return ((order.trigger_price or Decimal(0)) < position.mark_price) == (position.side is Side.LONG)
