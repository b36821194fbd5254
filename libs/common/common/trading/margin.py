"""Isolated-margin arithmetic of one position. Source: Hyperliquid docs, Margining and Liquidations."""

from decimal import Decimal

from common.trading.instruments import Instrument
from common.trading.orders import Side

TAKER_FEE_FRACTION = Decimal("0.00045")


def notional_usd(size_coin: Decimal, price: Decimal) -> Decimal:
    """abs(size) × price, in USD."""
    return abs(size_coin) * price


def initial_margin_usd(notional: Decimal, leverage: int) -> Decimal:
    """Margin that a position of `notional` USD ties up at `leverage`."""
    if leverage < 1:
        raise ValueError(f"leverage must be at least 1, got {leverage}")
    return notional / leverage


def maintenance_margin_fraction(instrument: Instrument, notional: Decimal) -> Decimal:
    """Half of the initial margin at the tier's maximum leverage, as a fraction of notional."""
    return 1 / (2 * Decimal(instrument.tier(notional).max_leverage))


def maintenance_margin_usd(instrument: Instrument, notional: Decimal) -> Decimal:
    """Maintenance margin in USD with the tiers' deductions, continuous at their bounds."""
    margin, deduction, previous = Decimal(0), Decimal(0), Decimal(0)
    for tier in instrument.tiers:
        fraction = 1 / (2 * Decimal(tier.max_leverage))
        deduction += tier.lower_bound_usd * (fraction - previous)
        if notional >= tier.lower_bound_usd:
            margin = notional * fraction - deduction
        previous = fraction
    return margin


def unrealized_pnl_usd(side: Side, size_coin: Decimal, entry_price: Decimal, mark_price: Decimal) -> Decimal:
    """Profit of an open position at the mark price, before fees and funding."""
    return side.sign * size_coin * (mark_price - entry_price)


def isolated_liquidation_price(
    instrument: Instrument, side: Side, size_coin: Decimal, entry_price: Decimal, leverage: int
) -> Decimal | None:
    """Liquidation price of a fresh isolated position at tier 0, or None when no positive price liquidates it.

    liq = −raw_usd / (position × (1 − side / (2 × max_leverage))), where raw_usd = margin − position × entry.
    """
    position = side.sign * size_coin
    margin = initial_margin_usd(notional_usd(size_coin, entry_price), leverage)
    raw_usd = margin - position * entry_price
    fraction = maintenance_margin_fraction(instrument, Decimal(0))
    price = -raw_usd / (position * (1 - side.sign * fraction))
    return price if price > 0 else None


def liquidation_distance_fraction(instrument: Instrument, side: Side, leverage: int) -> Decimal:
    """How far the price may move against a fresh isolated position before liquidation, as a fraction of entry."""
    liquidation = isolated_liquidation_price(instrument, side, Decimal(1), Decimal(1), leverage)
    return Decimal(1) if liquidation is None else abs(1 - liquidation)


def usable_leverage(
    instrument: Instrument, side: Side, stop_fraction: Decimal, distance_ratio: Decimal, max_leverage: int
) -> int:
    """The highest leverage at which liquidation stays `distance_ratio` times as far as the stop; 0 when none does.

    Worked example (5 % stop, ratio 1.5): longs 11 / 10 / 10 / 8, shorts 11 / 10 / 9 / 7 for
    BTC / ETH / SOL and XRP / coins with a maximum of 10.
    """
    for leverage in range(min(max_leverage, instrument.max_leverage), 0, -1):
        if liquidation_distance_fraction(instrument, side, leverage) >= stop_fraction * distance_ratio:
            return leverage
    return 0
