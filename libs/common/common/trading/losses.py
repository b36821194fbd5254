"""What an entry and an open position may lose to their stops, and take out of the free margin; in USD, costs included.

The gate's rules and reservations count by these functions, and the prompt states their results.
"""

from decimal import Decimal

from common.trading.limits import Limits
from common.trading.margin import TAKER_FEE_FRACTION, notional_usd
from common.trading.orders import Side


def loss_at_stop_usd(
    limits: Limits, side: Side, *, size_coin: Decimal, limit_price: Decimal, stop_loss_price: Decimal
) -> Decimal:
    """What an entry loses between its limit price and its stop, with both fees and the slippage allowance."""
    move_usd = side.sign * (limit_price - stop_loss_price) * size_coin
    entry_fee_usd = notional_usd(size_coin, limit_price) * TAKER_FEE_FRACTION
    return max(Decimal(0), move_usd) + entry_fee_usd + exit_cost_usd(limits, size_coin, stop_loss_price)


def loss_fraction_at_stop(limits: Limits, side: Side, stop_fraction: Decimal) -> Decimal:
    """The same as a fraction of the entry's notional, for a stop at that fraction of the mark from it.

    The limit price is the collar's edge and nothing is rounded. The gate rounds limit and stop towards the mark and the
    size down, so that an order never loses more.
    """
    limit_price = 1 + side.sign * limits.entry_collar_percent / 100
    return loss_at_stop_usd(
        limits,
        side,
        size_coin=1 / max(Decimal(1), limit_price),
        limit_price=limit_price,
        stop_loss_price=1 - side.sign * stop_fraction,
    )


def exit_cost_usd(limits: Limits, size_coin: Decimal, stop_loss_price: Decimal) -> Decimal:
    """The fee and the slippage allowance of a stop that fires."""
    return notional_usd(size_coin, stop_loss_price) * (TAKER_FEE_FRACTION + limits.slippage_allowance_percent / 100)


def loss_of_position_usd(
    limits: Limits,
    side: Side,
    *,
    size_coin: Decimal,
    mark_price: Decimal,
    stop_loss_price: Decimal | None,
    margin_used_usd: Decimal,
) -> Decimal:
    """What an open position may still lose from the mark to its confirmed stop, the exit's fee and slippage included.

    Without a confirmed stop it is all of its margin.
    """
    if stop_loss_price is None:
        return max(Decimal(0), margin_used_usd) + exit_cost_usd(limits, size_coin, mark_price)
    move_usd = side.sign * (mark_price - stop_loss_price) * size_coin
    return max(Decimal(0), move_usd) + exit_cost_usd(limits, size_coin, stop_loss_price)


def margin_with_fees_usd(margin_usd: Decimal, notional: Decimal) -> Decimal:
    """What an entry takes out of the free margin: its initial margin, and the fees of entry and exit."""
    return margin_usd + 2 * notional * TAKER_FEE_FRACTION
