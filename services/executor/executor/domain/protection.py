"""Whether the stops that rest on the exchange protect a position, and what a late answer must not hide. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from common.events import AccountOrder
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side, exit_side
from executor.domain.account import Fill, Position
from executor.domain.bracket import Legs
from executor.domain.intent import Intent
from executor.domain.order import OrderSpec, SendPurpose

CLOSE_SLIPPAGES: Final = tuple(Decimal(text) for text in ("0.03", "0.05", "0.08", "0.12", "0.20", "0.30"))
"""How far past the mark a close may fill: one step further after each refusal."""
_FINAL_REFUSALS: Final = (
    "order has",
    "order must",
    "order price",
    "order would",
    "price must",
    "invalid tp/sl",
    "invalid trigger",
    "reduce only order",
    "insufficient margin",
    "could not immediately match",
    "no liquidity",
    "too many open orders",
    "post only order would",
)
"""What the exchange says of an order itself. Source: Hyperliquid docs, Error responses."""


@dataclass(frozen=True, slots=True)
class KnownSize:
    """A coin's signed position after the newest fill that is known. `time_ms` is the fill's time on the exchange; None
    when it is known by an order's answer alone: then fills of orders before `order_id` are older than it. `since_s` is
    the monotonic time at which it became known."""

    size_coin: Decimal
    price: Decimal
    since_s: float
    time_ms: int | None = None
    order_id: int = 0

    def is_later_than(self, fill: Fill) -> bool:
        """Whether the fill says nothing new of the position."""
        return fill.order_id < self.order_id if self.time_ms is None else fill.time_ms <= self.time_ms


@dataclass(frozen=True, slots=True)
class ProtectiveAction:
    """One action of the protector. `subject` is the intent behind it, or a word where there is none; `entry` is that
    intent where orders follow it. `outcome` is None while the answer is awaited, `answer` None unless one came."""

    subject: str
    purpose: SendPurpose
    nonce: int
    sent_ms: int
    void_after_ms: int
    entry: Intent | None = None
    legs: tuple[tuple[OrderRole, OrderSpec], ...] = ()
    answer: dict[str, Any] | None = None
    outcome: str | None = None
    answered_ms: int | None = None


def protective_orders(position: Position, orders: Sequence[AccountOrder], *, is_stop: bool) -> list[AccountOrder]:
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


def is_past_stop(position: Position, orders: Sequence[AccountOrder]) -> bool:
    """Whether the mark has passed a stop as last polled: it has been triggered by now, perhaps without a fill."""
    stops = [order.trigger_price for order in protective_orders(position, orders, is_stop=True) if order.trigger_price]
    if position.side is Side.LONG:
        return any(price >= position.mark_price for price in stops)
    return any(price <= position.mark_price for price in stops)


def relied_stops(position: Position, orders: Sequence[AccountOrder]) -> list[AccountOrder]:
    """The stops that cover the position, or all there are."""
    stops = protective_orders(position, orders, is_stop=True)
    whole = [order for order in stops if order.size_coin == 0 or order.size_coin >= position.size_coin]
    return whole[:1] or stops


def is_protected(position: Position, orders: Sequence[AccountOrder]) -> bool:
    """Whether the stops cover the whole size; one of size zero covers whatever is held."""
    sizes = [order.size_coin for order in protective_orders(position, orders, is_stop=True)]
    return any(size == 0 for size in sizes) or sum(sizes, Decimal(0)) >= position.size_coin


def missing_legs(position: Position, orders: Sequence[AccountOrder], legs: Legs) -> Legs:
    """Those of an entry's stop and target that don't rest on the exchange for its position."""
    has_target = bool(protective_orders(position, orders, is_stop=False))
    is_there = {OrderRole.STOP: is_protected(position, orders), OrderRole.TARGET: has_target}
    return [(role, spec) for role, spec in legs if not is_there[role]]


def is_final_refusal(reason: str) -> bool:
    """Whether the exchange's words are about the order, which a repeat won't change; all others pass: a window after
    an upgrade in which only post-only orders are taken, a rate limit, an expired action, what is not known."""
    return any(text in reason.lower() for text in _FINAL_REFUSALS)


def size_after(fills: Collection[Fill]) -> Decimal | None:
    """The signed position after the newest of one coin's fills; None when those of one moment leave that open."""
    newest_ms = max((fill.time_ms for fill in fills), default=0)
    newest = [fill for fill in fills if fill.time_ms == newest_ms]
    starts = [fill.start_position_coin for fill in newest]
    ends = {fill.start_position_coin + _signed(fill) for fill in newest} - set(starts)
    return ends.pop() if len(ends) == 1 else None


def lead_to(before: Mapping[Symbol, Decimal], after: Mapping[Symbol, Decimal], fills: Collection[Fill]) -> bool:
    """Whether the fills lead from some positions' signed sizes to others, by coin. It is no proof that there are no
    further ones."""
    moved = {symbol for symbol in (*before, *after) if before.get(symbol) != after.get(symbol)}
    filled = {fill.symbol for fill in fills}
    ends = {symbol: size_after([fill for fill in fills if fill.symbol is symbol]) for symbol in filled}
    return bool(filled) and moved <= filled and all(ends[symbol] == after.get(symbol, 0) for symbol in filled)


def _signed(fill: Fill) -> Decimal:
    return fill.size_coin if fill.side is OrderSide.BUY else -fill.size_coin


def assumed_position(symbol: Symbol, known: KnownSize, shown: Position | None, entry: Intent | None) -> Position:
    """The position that the fills leave, where the state that was read is older than they are."""
    side, size = Side.LONG if known.size_coin > 0 else Side.SHORT, abs(known.size_coin)
    if shown is not None and shown.side is side:
        return replace(shown, size_coin=size, notional_usd=size * shown.mark_price)
    leverage = (entry.order.leverage if entry is not None else None) or 1
    return Position(
        symbol=symbol,
        side=side,
        size_coin=size,
        entry_price=known.price,
        mark_price=known.price,
        leverage=leverage,
        is_isolated=True,
        notional_usd=size * known.price,
        unrealized_pnl_usd=Decimal(0),
        margin_used_usd=size * known.price / leverage,
        liquidation_price=None,
        funding_since_open_usd=Decimal(0),
        max_leverage=leverage,
    )


def _is_stop(order: AccountOrder, position: Position) -> bool:
    """By its role where the order is known, else by the side of the mark on which it waits."""
    if order.role in (OrderRole.STOP, OrderRole.TARGET):
        return order.role is OrderRole.STOP
    return ((order.trigger_price or Decimal(0)) < position.mark_price) == (position.side is Side.LONG)
