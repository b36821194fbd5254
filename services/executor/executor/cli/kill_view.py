"""What the kill switch reads in the exchange's answers: as much as can be read, row by row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from executor.exchange.parse import is_spot, parse_action_error

PASSING: Final = ("post-only",)
"""Refusals that have nothing to do with the price."""
OrderKey = tuple[str, int]
"""Coin and order id."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position of any perpetual; what can't be read of it is None."""

    coin: str
    signed_size_coin: Decimal | None
    mark_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account has in the market: its positions and its open orders.

    An answer may lag: a position is proven absent only where the positions are current, as of after the command, and
    an order only where the orders are.
    """

    positions: tuple[Position, ...]
    entries: tuple[OrderKey, ...]
    exits: tuple[OrderKey, ...]
    is_current: bool
    are_orders_current: bool

    @property
    def orphans(self) -> tuple[OrderKey, ...]:
        """Reduce-only orders, stops above all, whose position is gone."""
        held = {position.coin for position in self.positions}
        return tuple(order for order in self.exits if self.is_current and order[0] not in held)

    @property
    def looks_empty(self) -> bool:
        return not (self.positions or self.entries or self.exits)

    @property
    def is_empty(self) -> bool:
        return self.is_current and self.are_orders_current and self.looks_empty

    def __str__(self) -> str:
        sizes = ", ".join(f"{each.coin} {each.signed_size_coin}" for each in self.positions)
        held = f"positions {len(self.positions)}" + (f" ({sizes})" if sizes else "")
        return f"{held}{'' if self.is_current else ' by a state that may be old'}, {self.orders}"

    @property
    def orders(self) -> str:
        """The orders in words."""
        listed = f"resting entries {len(self.entries)}, stops and targets {len(self.exits)}"
        return listed if self.are_orders_current else f"{listed} by a list that may be old"


def parse_positions(state: Any) -> tuple[Position, ...]:
    """The positions of clearinghouseState; a size that can't be read counts as one, as it may be."""
    positions = []
    for each in state["assetPositions"]:
        row = each["position"]
        size = _number(row.get("szi"))
        if size is None or size:
            value = _number(row.get("positionValue"))
            mark_price = abs(value / size) if size and value else None
            positions.append(Position(str(row["coin"]), size, mark_price))
    return tuple(positions)


def parse_holding(positions: Sequence[Position], orders: Any, *, is_current: bool, are_orders_current: bool) -> Holding:
    """The positions with the open orders of frontendOpenOrders; orders of the spot market are left out."""
    keys = [
        (str(order["coin"]), int(order["oid"]), bool(order.get("reduceOnly")))
        for order in orders
        if not is_spot(order["coin"])
    ]
    return Holding(
        tuple(positions),
        entries=tuple((coin, order_id) for coin, order_id, reduce_only in keys if not reduce_only),
        exits=tuple((coin, order_id) for coin, order_id, reduce_only in keys if reduce_only),
        is_current=is_current,
        are_orders_current=are_orders_current,
    )


def refused_closes(coins: Sequence[str], answer: Any) -> list[str]:
    """The coins whose close the exchange has refused, or filled only in part, for want of a price."""
    if parse_action_error(answer) is not None:
        return []
    statuses = list(answer["response"]["data"]["statuses"])
    if len(statuses) == 1:
        statuses *= len(coins)
    refused = [
        isinstance(status, dict) and "error" in status and not any(words in str(status) for words in PASSING)
        for status in statuses
    ]
    return [coin for coin, is_refused in zip(coins, refused, strict=False) if is_refused]


def describe_answer(answer: Any) -> str:
    """The exchange's answer to an action in a line."""
    error = parse_action_error(answer)
    if error is not None:
        return error
    statuses = answer["response"]["data"]["statuses"]
    return ", ".join(status if isinstance(status, str) else _describe_status(status) for status in statuses)


def _describe_status(status: dict[str, Any]) -> str:
    kind, content = next(iter(status.items())) if status else ("no status", {})
    if kind == "filled":
        return f"filled {content['totalSz']} at {content['avgPx']}"
    return f"{kind}: {content}" if kind == "error" else kind


def _number(given: Any) -> Decimal | None:
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
