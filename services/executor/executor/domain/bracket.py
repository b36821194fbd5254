"""The orders that an intent becomes: an entry with its stop and target, or an exit. Pure."""

from decimal import Decimal
from typing import Final

from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import OrderRole, OrderSide
from executor.domain.intent import Intent
from executor.domain.order import OrderSpec, client_order_id

TRIGGER_SLIPPAGE: Final = Decimal("0.10")
"""How far past its trigger a stop or target may fill: the exchange's own tolerance for market triggers."""
CLOSE_SLIPPAGE: Final = Decimal("0.03")
TRIGGER_KINDS: Final = {OrderRole.STOP: "sl", OrderRole.TARGET: "tp"}

Legs = list[tuple[OrderRole, OrderSpec]]


def build_bracket(intent: Intent) -> Legs:
    """What goes out first: the entry with its children in one action, or the exit alone."""
    order = intent.order
    role = intent.primary_role
    spec = OrderSpec(
        symbol=order.symbol,
        is_buy=order.side is OrderSide.BUY,
        size_coin=order.size_coin,
        price=order.limit_price,
        client_order_id=client_order_id(intent.intent_id, role),
        reduce_only=order.reduce_only,
    )
    return [(role, spec), *build_triggers(intent, order.size_coin)]


def build_triggers(intent: Intent, size_coin: Decimal, attempt: int = 0) -> Legs:
    """The intent's stop and target for a position of that size; none for an exit."""
    order = intent.order
    is_buy = order.side is OrderSide.SELL
    legs: Legs = []
    for role, trigger_price in ((OrderRole.STOP, order.stop_loss_price), (OrderRole.TARGET, order.take_profit_price)):
        if trigger_price is None:
            continue
        spec = OrderSpec(
            symbol=order.symbol,
            is_buy=is_buy,
            size_coin=size_coin,
            price=slipped_price(order.symbol, trigger_price, is_buy=is_buy, fraction=TRIGGER_SLIPPAGE),
            client_order_id=client_order_id(intent.intent_id, role, attempt),
            reduce_only=True,
            trigger_price=trigger_price,
            kind=TRIGGER_KINDS[role],
        )
        legs.append((role, spec))
    return legs


def build_close(
    intent_id: str,
    symbol: Symbol,
    *,
    is_long: bool,
    size_coin: Decimal,
    mark_price: Decimal,
    attempt: int,
    slippage: Decimal = CLOSE_SLIPPAGE,
) -> OrderSpec:
    """A reduce-only market order that closes a position; `slippage` is how far past the mark it may fill."""
    return OrderSpec(
        symbol=symbol,
        is_buy=not is_long,
        size_coin=size_coin,
        price=slipped_price(symbol, mark_price, is_buy=not is_long, fraction=slippage),
        client_order_id=client_order_id(intent_id, OrderRole.FLATTEN, attempt),
        reduce_only=True,
    )


def slipped_price(symbol: Symbol, price: Decimal, *, is_buy: bool, fraction: Decimal) -> Decimal:
    """The worst price accepted: above for a buy, below for a sell, on the price step."""
    worst = price * (1 + fraction if is_buy else 1 - fraction)
    return INSTRUMENTS[symbol].round_price(worst, "down" if is_buy else "up")
