"""Open interest caps: at the cap positions may shrink, not grow. Source: Hyperliquid docs, Open interest caps."""

from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import OrderError
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Order


def check_open_interest(exchange: Exchange, order: Order, *, crosses: bool) -> None:
    """Raises OrderError when an order would add to open interest that is, or would get, above its cap.

    At the cap an order may still come to rest, if its price isn't more aggressive than the oracle's.
    """
    cap = exchange.open_interest_caps.get(order.coin)
    if cap is None or order.reduce_only or added_size(exchange, order) == 0:
        return
    if not exchange.is_capped(order.coin):
        mark = exchange.market.coins[order.coin].mark_price
        if crosses and exchange.open_interest_usd(order.coin) + added_size(exchange, order) * mark > cap:
            raise OrderError(errors.INTEREST_SPEED, OrderStatus.OPEN_INTEREST_INCREASE_REJECTED)
        return
    position = exchange.accounts[order.account].position_size(order.coin)
    if crosses:
        flips = position != 0 and (position > 0) != order.is_buy
        rejected = (
            OrderStatus.POSITION_FLIP_AT_OPEN_INTEREST_CAP_REJECTED
            if flips
            else OrderStatus.POSITION_INCREASE_AT_OPEN_INTEREST_CAP_REJECTED
        )
        raise OrderError(errors.INTEREST_CAP, rejected)
    oracle = Decimal(exchange.market.coins[order.coin].oracle_text)
    if order.price > oracle if order.is_buy else order.price < oracle:
        raise OrderError(errors.INTEREST_PRICE, OrderStatus.TOO_AGGRESSIVE_AT_OPEN_INTEREST_CAP_REJECTED)


def may_fill_at_cap(exchange: Exchange, order: Order) -> bool:
    """Whether a resting order may still be filled: at the cap only if it adds nothing."""
    return not exchange.is_capped(order.coin) or order.reduce_only or added_size(exchange, order) == 0


def added_size(exchange: Exchange, order: Order) -> Decimal:
    """By how much the order would enlarge the position, in coin."""
    position = exchange.accounts[order.account].position_size(order.coin)
    reduces = position != 0 and (position > 0) != order.is_buy
    return max(ZERO, order.size - abs(position)) if reduces else order.size
