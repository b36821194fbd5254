"""Orders as the SDK takes them, for the arena's coins and for any other perpetual."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from hyperliquid.utils.types import Cloid

from executor.domain.order import OrderSpec

SIGNIFICANT_FIGURES: Final = 5
MAX_DECIMALS: Final = 6


def order_request(order: OrderSpec) -> dict[str, Any]:
    """The SDK's order request. Its floats are exact: prices have at most six figures, sizes far below sixteen."""
    order_type: dict[str, Any] = {"limit": {"tif": order.tif}}
    if order.trigger_price is not None:
        trigger = {"isMarket": True, "triggerPx": float(order.trigger_price), "tpsl": order.kind}
        order_type = {"trigger": trigger}
    return {
        "coin": order.symbol.value,
        "is_buy": order.is_buy,
        "sz": float(order.size_coin),
        "limit_px": float(order.price),
        "order_type": order_type,
        "reduce_only": order.reduce_only,
        "cloid": Cloid.from_str(order.client_order_id),
    }


def close_request(
    coin: str,
    *,
    signed_size_coin: Decimal,
    mark_price: Decimal,
    slippage: Decimal,
    size_decimals: int,
    client_order_id: str,
) -> dict[str, Any]:
    """The SDK's request of a reduce-only market order for a whole position on any perpetual."""
    is_buy = signed_size_coin < 0
    worst = mark_price * (1 + slippage if is_buy else 1 - slippage)
    return {
        "coin": coin,
        "is_buy": is_buy,
        "sz": float(abs(signed_size_coin)),
        "limit_px": float(round_price(worst, size_decimals, is_buy=is_buy)),
        "order_type": {"limit": {"tif": "Ioc"}},
        "reduce_only": True,
        "cloid": Cloid.from_str(client_order_id),
    }


def round_price(price: Decimal, size_decimals: int, *, is_buy: bool) -> Decimal:
    """On the exchange's price step, not past the given price. Source: Hyperliquid docs, Tick and lot size."""
    exponent = min(0, max(price.adjusted() - SIGNIFICANT_FIGURES + 1, size_decimals - MAX_DECIMALS))
    return price.quantize(Decimal(1).scaleb(exponent), rounding=ROUND_FLOOR if is_buy else ROUND_CEILING)
