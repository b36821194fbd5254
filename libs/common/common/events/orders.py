"""The life of an order on the exchange: accepted, rejected, cancelled, filled."""

from typing import ClassVar

from common.events.envelope import Amount, Payload
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide


class OrderAccepted(Payload):
    """The exchange accepted an order. `order_id` is None while a bracket's child waits without one.

    `price` is the limit (worst) price, `trigger_price` set on triggers only; `status` is the exchange's own word.
    """

    TYPE: ClassVar[str] = "order.accepted"

    model: str
    intent_id: str | None
    client_order_id: str
    order_id: int | None
    symbol: Symbol
    role: OrderRole
    side: OrderSide
    size_coin: Amount
    price: Amount
    trigger_price: Amount | None
    reduce_only: bool
    status: str


class OrderRejected(Payload):
    """The exchange refused an order; `reason` is its own text."""

    TYPE: ClassVar[str] = "order.rejected"

    model: str
    intent_id: str | None
    client_order_id: str
    symbol: Symbol
    role: OrderRole
    reason: str


class OrderCancelled(Payload):
    """An order ended without (all of) its size being filled; `reason` is the exchange's status or a CancelReason."""

    TYPE: ClassVar[str] = "order.cancelled"

    model: str
    intent_id: str | None
    client_order_id: str
    order_id: int | None
    symbol: Symbol
    role: OrderRole
    reason: str
    filled_size_coin: Amount


class OrderFilled(Payload):
    """One fill from the exchange's own record, unique by (account, coin, trade id, time).

    `fee_usd` positive is paid; `closed_pnl_usd` is gross of fee; `start_position_coin` is signed, before the fill.
    """

    TYPE: ClassVar[str] = "order.filled"

    model: str
    intent_id: str | None
    client_order_id: str | None
    order_id: int
    trade_id: int
    symbol: Symbol
    role: OrderRole
    side: OrderSide
    price: Amount
    size_coin: Amount
    fee_usd: Amount
    closed_pnl_usd: Amount
    start_position_coin: Amount
    direction: str
    crossed: bool
    is_liquidation: bool
