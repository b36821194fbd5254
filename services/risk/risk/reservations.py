"""What approved intents may still take; one way to compute it, at approval and when memory is rebuilt."""

from decimal import Decimal

from common.events import IntentKind, OrderIntent
from common.trading.limits import Limits
from common.trading.orders import OrderSide, Side
from risk.gate_input import Reservation
from risk.sizing import loss_at_stop_usd, margin_with_fees_usd


def position_side(intent: OrderIntent) -> Side:
    """The side of the position that an intent opens or closes."""
    opened = Side.LONG if intent.side is OrderSide.BUY else Side.SHORT
    return opened.opposite if intent.reduce_only else opened


def reservation_of(limits: Limits, intent_id: str, intent_kind: IntentKind, intent: OrderIntent) -> Reservation:
    """The reservation of an approved intent; an exit reserves its coin only."""
    side = position_side(intent)
    if intent_kind is not IntentKind.ENTRY:
        return Reservation(intent_id, intent.symbol, side, intent_kind)
    return Reservation(
        intent_id,
        intent.symbol,
        side,
        intent_kind,
        notional_usd=intent.notional_usd,
        margin_usd=margin_with_fees_usd(intent.initial_margin_usd, intent.notional_usd),
        loss_usd=Decimal(0)
        if intent.stop_loss_price is None
        else loss_at_stop_usd(
            limits,
            side,
            size_coin=intent.size_coin,
            limit_price=intent.limit_price,
            stop_loss_price=intent.stop_loss_price,
        ),
    )
