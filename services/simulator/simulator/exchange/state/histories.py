"""Past fills, orders, fundings and ledger rows of every account, for /info."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.orders import Fill, Order, Twap


@dataclass(slots=True)
class Histories:
    """Rows by account, newest last; `rates` by coin, `orders` by id. A TWAP's event is a copy of its state then."""

    fills: dict[str, list[Fill]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[int, Order] = field(default_factory=dict)
    order_events: dict[str, list[tuple[Order, OrderStatus, int]]] = field(default_factory=lambda: defaultdict(list))
    fundings: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    ledger: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    equity: dict[str, list[tuple[int, Decimal, Decimal, Decimal]]] = field(default_factory=lambda: defaultdict(list))
    twap_events: dict[str, list[tuple[Twap, int]]] = field(default_factory=lambda: defaultdict(list))
