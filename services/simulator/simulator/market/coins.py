"""The coins that can be listed, with their trading rules and the parameters of their synthetic prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from simulator.numbers import MAX_DECIMALS

SIGNIFICANT_FIGURES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One perpetual. Sizes are in coin, `level_usd` is the mean depth of a price level.

    `tier_bound_usd` is the notional above which `tier_leverage` instead of `max_leverage` is the maximum.
    `volatility` is annualized; `beta` is the correlation with the factor that all coins share; `volume_sigma` the
    variation of its own volume, in addition to those caused by volatility and by its moves.
    Source of the trading rules: Hyperliquid docs, Tick and lot size, and Margin tiers.
    """

    name: str
    asset: int
    size_decimals: int
    max_leverage: int
    margin_table: int
    tier_bound_usd: int
    tier_leverage: int
    start_price: float
    volatility: float
    beta: float
    level_usd: float
    open_interest: float
    day_volume_usd: float
    volume_sigma: float = 0.6
    trades_per_s: float = 0.5
    impact_usd: float = 6_000.0

    @property
    def lot(self) -> Decimal:
        """The size step, in coin."""
        return Decimal(1).scaleb(-self.size_decimals)

    @property
    def price_decimals(self) -> int:
        """The most decimals that a price may have."""
        return MAX_DECIMALS - self.size_decimals

    def price_step(self, price: float) -> float:
        """The price step at `price`: five significant figures, at most `price_decimals` decimals, never above 1."""
        if price >= 1:
            figures = len(str(int(price)))
        else:
            fraction = f"{price:.12f}".split(".")[1]
            figures = len(fraction.lstrip("0")) - len(fraction)
        decimals = min(SIGNIFICANT_FIGURES - figures, self.price_decimals)
        return float(10.0 ** -max(decimals, 0))

    def round_price(self, price: float) -> float:
        """The nearest valid price."""
        step = self.price_step(price)
        return round(round(price / step) * step, MAX_DECIMALS)

    def accepts_price(self, price: Decimal) -> bool:
        """Whether a price is an integer, or has at most five significant figures and `price_decimals` decimals."""
        if price <= 0:
            return False
        if price == price.to_integral_value():
            return True
        digits = price.normalize()
        exponent = int(digits.as_tuple().exponent)
        return len(digits.as_tuple().digits) <= SIGNIFICANT_FIGURES and -exponent <= self.price_decimals

    def accepts_size(self, size: Decimal) -> bool:
        """Whether a size is a multiple of the lot."""
        return -int(size.normalize().as_tuple().exponent) <= self.size_decimals


COINS: Final[dict[str, Coin]] = {
    coin.name: coin
    for coin in (
        Coin(
            name="BTC",
            asset=0,
            size_decimals=5,
            max_leverage=40,
            margin_table=56,
            tier_bound_usd=150_000_000,
            tier_leverage=20,
            start_price=117_500.0,
            volatility=0.42,
            beta=0.86,
            level_usd=260_000,
            open_interest=39_000,
            day_volume_usd=3.6e9,
            trades_per_s=2.0,
            impact_usd=20_000.0,
        ),
        Coin(
            name="ETH",
            asset=1,
            size_decimals=4,
            max_leverage=25,
            margin_table=55,
            tier_bound_usd=100_000_000,
            tier_leverage=15,
            start_price=3_720.0,
            volatility=0.70,
            beta=0.90,
            level_usd=180_000,
            open_interest=1_100_000,
            day_volume_usd=1.9e9,
            trades_per_s=1.5,
            impact_usd=20_000.0,
        ),
        Coin(
            name="SOL",
            asset=5,
            size_decimals=2,
            max_leverage=20,
            margin_table=54,
            tier_bound_usd=70_000_000,
            tier_leverage=10,
            start_price=185.0,
            volatility=0.80,
            beta=0.88,
            level_usd=70_000,
            open_interest=5_700_000,
            day_volume_usd=4.4e8,
            trades_per_s=1.0,
        ),
        Coin(
            name="BNB",
            asset=7,
            size_decimals=3,
            max_leverage=10,
            margin_table=51,
            tier_bound_usd=3_000_000,
            tier_leverage=5,
            start_price=1_010.0,
            volatility=0.45,
            beta=0.74,
            level_usd=14_000,
            open_interest=62_000,
            day_volume_usd=1.4e7,
            volume_sigma=0.85,
        ),
        Coin(
            name="DOGE",
            asset=12,
            size_decimals=0,
            max_leverage=10,
            margin_table=52,
            tier_bound_usd=20_000_000,
            tier_leverage=5,
            start_price=0.21,
            volatility=0.95,
            beta=0.87,
            level_usd=18_000,
            open_interest=1.1e9,
            day_volume_usd=3.8e7,
            volume_sigma=0.85,
        ),
        Coin(
            name="XRP",
            asset=25,
            size_decimals=0,
            max_leverage=20,
            margin_table=53,
            tier_bound_usd=40_000_000,
            tier_leverage=10,
            start_price=2.55,
            volatility=0.85,
            beta=0.83,
            level_usd=40_000,
            open_interest=2.0e8,
            day_volume_usd=1.5e8,
        ),
        Coin(
            name="HYPE",
            asset=159,
            size_decimals=2,
            max_leverage=10,
            margin_table=52,
            tier_bound_usd=20_000_000,
            tier_leverage=5,
            start_price=38.0,
            volatility=0.95,
            beta=0.75,
            level_usd=45_000,
            open_interest=2.5e7,
            day_volume_usd=3.0e8,
        ),
    )
}
"""Every coin that can be listed, by name; their order here is the order in which a market draws their prices."""
