"""The end of orders, and its effects on linked orders: brackets, siblings, reduce-only orders."""

from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import OrderError
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Order


def finish(exchange: Exchange, order: Order, status: OrderStatus, now_ms: int) -> None:
    """Ends an order in its final status, then settles its children and siblings."""
    order.status, order.status_ms = status, now_ms
    exchange.remove_open_order(order)
    exchange.record_status(order, status)
    if order.parent and status == OrderStatus.FILLED:
        _cancel_siblings(exchange, order, now_ms)
    if order.children:
        _settle_children(exchange, order, now_ms)


def cancel(exchange: Exchange, address: str, oid: int, now_ms: int) -> Order:
    """Cancels an open order of the account. Raises OrderError, with one text for all other cases."""
    order = exchange.orders.get(oid)
    if order is None or order.account != address:
        raise OrderError(errors.GONE)
    finish(exchange, order, OrderStatus.CANCELED, now_ms)
    return order


def cancel_all(exchange: Exchange, address: str, now_ms: int, status: OrderStatus, coin: str | None = None) -> int:
    """Cancels an account's open orders, of one coin or of all; returns how many."""
    found = exchange.open_of(address, coin)
    for order in found:
        if order.is_open:
            finish(exchange, order, status, now_ms)
    return len(found)


def _settle_children(exchange: Exchange, parent: Order, now_ms: int) -> None:
    """Activates waiting children after a full fill, or a partial one that only margin stopped; else cancels them.

    An active child's size is at most what its parent has filled.
    """
    is_stopped_by_margin = parent.status == OrderStatus.MARGIN_CANCELED and parent.filled > 0
    activates = parent.status == OrderStatus.FILLED or is_stopped_by_margin
    for oid in parent.children:
        child = exchange.orders.get(oid)
        if child is None or not child.waits:
            continue
        if not activates:
            finish(exchange, child, OrderStatus.CANCELED, now_ms)
            continue
        child.waits = False
        child.size = child.original_size = min(child.original_size, parent.filled)
        exchange.changes.orders[oid] = child


def _cancel_siblings(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Cancels the other orders of a bracket after its stop or its target is filled."""
    for other in exchange.open_of(order.account, order.coin):
        if other.parent == order.parent and other.oid != order.oid:
            finish(exchange, other, OrderStatus.SIBLING_FILLED_CANCELED, now_ms)


def reducible_size(exchange: Exchange, order: Order) -> Decimal:
    """How much of the position an order of that side can close."""
    position = exchange.accounts[order.account].position_size(order.coin)
    return abs(position) if position and (position > 0) != order.is_buy else Decimal(0)


def adjust_reduce_only_orders(exchange: Exchange, address: str, coin: str, cause: Order, now_ms: int) -> None:
    """After a fill: cancels reduce-only orders without a position to reduce, resizes triggers tied to the position."""
    for order in exchange.open_of(address, coin):
        if order is cause or not order.reduce_only or order.waits or not order.is_open:
            continue
        room = reducible_size(exchange, order)
        if room == 0:
            finish(exchange, order, _end_without_room(order, cause), now_ms)
        elif order.is_position_tpsl:
            _follow_position(exchange, order, room)
    _cap_reduce_only(exchange, address, coin, now_ms)


def _follow_position(exchange: Exchange, order: Order, room: Decimal) -> None:
    """Gives a trigger that is tied to the position the position's size, at most its own limit."""
    size = room if order.size_limit is None else min(room, order.size_limit)
    if order.size != size:
        order.size = order.original_size = size
        exchange.changes.orders[order.oid] = order


def _end_without_room(order: Order, cause: Order) -> OrderStatus:
    if order.parent is not None and order.parent == cause.parent:
        return OrderStatus.SIBLING_FILLED_CANCELED
    return OrderStatus.CANCELED if order.is_trigger else OrderStatus.REDUCE_ONLY_CANCELED


def _cap_reduce_only(exchange: Exchange, address: str, coin: str, now_ms: int) -> None:
    """Cancels the oldest resting reduce-only orders until the rest together fit the position."""
    resting = [order for order in exchange.open_of(address, coin) if order.reduce_only and not order.is_trigger]
    total = sum((order.size for order in resting), Decimal(0))
    for order in resting[:-1]:
        if total <= reducible_size(exchange, order):
            return
        total -= order.size
        finish(exchange, order, OrderStatus.REDUCE_ONLY_CANCELED, now_ms)


def cap_resting_reduce_only(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Caps the resting reduce-only orders after one more has come to rest."""
    _cap_reduce_only(exchange, order.account, order.coin, now_ms)
