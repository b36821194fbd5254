"""Orders as the SDK wants them."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hyperliquid.utils.types import Cloid

from executor.domain.order import OrderSpec

SIGNIFICANT_FIGURES = 5
MAX_DECIMALS = 6


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
    coin: str, size: Decimal, mark: Decimal, slippage: Decimal, size_decimals: int, client_order_id: str
) -> dict[str, Any]:
    """The SDK's request of a reduce-only market order for a whole position of signed `size`."""
    is_buy = size < 0
    price = worst_price(mark * (1 + slippage if is_buy else 1 - slippage), size_decimals, is_buy)
    return {
        "coin": coin,
        "is_buy": is_buy,
        "sz": float(abs(size)),
        "limit_px": float(price),
        "order_type": {"limit": {"tif": "Ioc"}},
        "reduce_only": True,
        "cloid": Cloid.from_str(client_order_id),
    }


def worst_price(price: Decimal, size_decimals: int, is_buy: bool) -> Decimal:
    """On the exchange's price step, not past the given price. Source: Hyperliquid docs, Tick and lot size."""
    exponent = min(0, max(price.adjusted() - SIGNIFICANT_FIGURES + 1, size_decimals - MAX_DECIMALS))
    return price.quantize(Decimal(1).scaleb(exponent), rounding=ROUND_FLOOR if is_buy else ROUND_CEILING)
