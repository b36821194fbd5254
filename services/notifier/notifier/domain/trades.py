"""A fill as a notice."""

from common.events import OrderFilled
from common.trading.orders import OrderRole
from notifier.domain.notices import TradeNotice


def trade_notice(fill: OrderFilled) -> TradeNotice | None:
    """What a fill of one of the arena's orders is worth sending as; None for an order that the arena did not place.

    A position that the arena did not order has an alert of its own. Liquidations are always sent.
    """
    if fill.role is OrderRole.UNKNOWN and not fill.is_liquidation:
        return None
    return TradeNotice(
        model=fill.model,
        order_id=fill.order_id,
        symbol=fill.symbol.value,
        role=fill.role,
        side=fill.side,
        size_coin=fill.size_coin,
        notional_usd=fill.size_coin * fill.price,
        fee_usd=fill.fee_usd,
        closed_pnl_usd=fill.closed_pnl_usd,
        is_liquidation=fill.is_liquidation,
    )
