"""What one perpetual allows: lot, price steps, leverage and margin tiers, with the rounding that follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Literal

MAX_DECIMALS = 6
SIGNIFICANT_FIGURES = 5
MIN_NOTIONAL_USD = Decimal(10)

Rounding = Literal["nearest", "up", "down"]
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "up": ROUND_CEILING, "down": ROUND_FLOOR}


class Symbol(StrEnum):
    """A perpetual future on Hyperliquid that the arena can trade, named by its coin; the roster lists which it does."""

    BTC = "BTC"
    ETH = "ETH"
    SOL = "SOL"
    BNB = "BNB"
    DOGE = "DOGE"
    XRP = "XRP"
    HYPE = "HYPE"

    # An enum's own is a Python function, and symbols are keys wherever data comes by the thousand.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class MarginTier:
    """From `lower_bound_usd` of position notional on, at most `max_leverage`."""

    lower_bound_usd: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """One perpetual's rules. Source: Hyperliquid docs, Tick and lot size, Margin tiers; values as recorded in 2026."""

    symbol: Symbol
    size_decimals: int
    max_leverage: int
    tiers: tuple[MarginTier, ...]

    @property
    def size_step_coin(self) -> Decimal:
        return Decimal(1).scaleb(-self.size_decimals)

    def round_size(self, size_coin: Decimal) -> Decimal:
        """Rounds a size in coin down to the lot, so that a rounding never raises the notional."""
        return size_coin.quantize(self.size_step_coin, rounding=ROUND_DOWN)

    def price_step(self, price: Decimal) -> Decimal:
        """The price step: five significant figures, at most 6 − size_decimals decimals, never coarser than 1."""
        if price <= 0:
            raise ValueError(f"{self.symbol}: a price must be positive, got {price}")
        by_figures = price.adjusted() - SIGNIFICANT_FIGURES + 1
        by_decimals = -(MAX_DECIMALS - self.size_decimals)
        return Decimal(1).scaleb(min(0, max(by_figures, by_decimals)))

    def round_price(self, price: Decimal, rounding: Rounding = "nearest") -> Decimal:
        """Rounds to a price that the exchange accepts; `up` and `down` never cross the given price."""
        rounded = price.quantize(self.price_step(price), rounding=_ROUNDING[rounding])
        if rounded <= 0:
            raise ValueError(f"{self.symbol}: {price} rounds to no valid price")
        return rounded

    def is_valid_price(self, price: Decimal) -> bool:
        """Whether the exchange accepts this order price. Integers are always allowed."""
        return price > 0 and price == price.quantize(self.price_step(price))

    def limited_by(self, tiers: Iterable[MarginTier]) -> "Instrument":
        """With the smaller maximum leverage of both at each notional; one of 0 forbids entries, and only that."""
        others = sorted(tiers, key=lambda tier: tier.lower_bound_usd)
        if not others:
            return self
        bounds = sorted({tier.lower_bound_usd for tier in (*self.tiers, *others)})

        def leverage_at(bound_usd: Decimal) -> int:
            reached = [tier.max_leverage for tier in others if tier.lower_bound_usd <= bound_usd]
            return min([self.tier(bound_usd).max_leverage, *reached[-1:]])

        limited = tuple(MarginTier(bound, max(1, leverage_at(bound))) for bound in bounds)
        return replace(self, max_leverage=leverage_at(bounds[0]), tiers=limited)

    def tier(self, notional_usd: Decimal) -> MarginTier:
        """The margin tier of a position of that notional."""
        found = self.tiers[0]
        for tier in self.tiers:
            if notional_usd >= tier.lower_bound_usd:
                found = tier
        return found


def _instrument(
    symbol: Symbol, size_decimals: int, max_leverage: int, bound_usd: int, lower_leverage: int
) -> Instrument:
    tiers = (MarginTier(Decimal(0), max_leverage), MarginTier(Decimal(bound_usd), lower_leverage))
    return Instrument(symbol, size_decimals, max_leverage, tiers)


INSTRUMENTS: dict[Symbol, Instrument] = {
    instrument.symbol: instrument
    for instrument in (
        _instrument(Symbol.BTC, 5, 40, 150_000_000, 20),
        _instrument(Symbol.ETH, 4, 25, 100_000_000, 15),
        _instrument(Symbol.SOL, 2, 20, 70_000_000, 10),
        _instrument(Symbol.BNB, 3, 10, 3_000_000, 5),
        _instrument(Symbol.DOGE, 0, 10, 20_000_000, 5),
        _instrument(Symbol.XRP, 0, 20, 40_000_000, 10),
        _instrument(Symbol.HYPE, 2, 10, 20_000_000, 5),
    )
}
