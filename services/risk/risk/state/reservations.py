"""Reservations: the position slot, margin, notional and loss that an approved intent may still take.

A reservation begins with the approval, in the same step as the verdict, so that the next decision is judged with it.
It ends when an account state covers the intent, when the order was cancelled with nothing filled, and for an exit also
when it was rejected. No timer ends it. Nor does a rejection end an entry's: the answer to a request can be wrong, and
what such an order has filled must not become room for another one; the account state that follows can't be wrong.
Approval and rebuild compute it by this one function.
"""

from decimal import Decimal
from typing import Final

from common.events import IntentKind, OrderIntent
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.losses import loss_at_stop_usd, margin_with_fees_usd
from common.trading.orders import OrderSide, Side
from risk.gate.gate_input import Reservation

UNKNOWN_USD: Final = Decimal(10) ** 12
"""Stands for the amounts of an entry whose intent can't be read: no limit has room for them."""


def unknown_reservation(intent_id: str, symbol: Symbol, intent_kind: IntentKind) -> Reservation:
    """The reservation of an unfinished intent that can't be read: it leaves no room for entries beside it."""
    amount = UNKNOWN_USD if intent_kind is IntentKind.ENTRY else Decimal(0)
    return Reservation(intent_id, symbol, Side.LONG, intent_kind, amount, amount, amount)


def position_side(intent: OrderIntent) -> Side:
    """The side of the position that an intent opens or closes."""
    opened = Side.LONG if intent.side is OrderSide.BUY else Side.SHORT
    return opened.opposite if intent.reduce_only else opened


def reservation_of(limits: Limits, intent_id: str, intent_kind: IntentKind, intent: OrderIntent) -> Reservation:
    """The reservation of an approved intent; an exit reserves its coin only."""
    side = position_side(intent)
    if intent_kind is not IntentKind.ENTRY:
        return Reservation(intent_id, intent.symbol, side, intent_kind)
    loss_usd = Decimal(0)
    if intent.stop_loss_price is not None:
        loss_usd = loss_at_stop_usd(
            limits,
            side,
            size_coin=intent.size_coin,
            limit_price=intent.limit_price,
            stop_loss_price=intent.stop_loss_price,
        )
    return Reservation(
        intent_id,
        intent.symbol,
        side,
        intent_kind,
        notional_usd=intent.notional_usd,
        margin_usd=margin_with_fees_usd(intent.initial_margin_usd, intent.notional_usd),
        loss_usd=loss_usd,
    )
