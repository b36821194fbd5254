"""What is listed: the six coins at their mainnet asset ids, the gaps between them, and the margin tables."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Coin:
    """One tradable coin. Volatility is annualised, `beta` its pull by the common factor, liquidity in USD a level."""

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

    @property
    def lot(self) -> Decimal:
        """The size step, in coins."""
        return Decimal(1).scaleb(-self.size_decimals)

    @property
    def impact_usd(self) -> float:
        """Notional for impact prices. Source: Hyperliquid docs, Funding."""
        return 20_000.0 if self.name in ("BTC", "ETH") else 6_000.0


COINS: Final[dict[str, Coin]] = {
    coin.name: coin
    for coin in (
        Coin("BTC", 0, 5, 40, 56, 150_000_000, 20, 117_500.0, 0.42, 0.86, 260_000, 39_000, 3.6e9),
        Coin("ETH", 1, 4, 25, 55, 100_000_000, 15, 3_720.0, 0.70, 0.90, 180_000, 1_100_000, 1.9e9),
        Coin("SOL", 5, 2, 20, 54, 70_000_000, 10, 185.0, 0.80, 0.88, 70_000, 5_700_000, 4.4e8),
        Coin("BNB", 7, 3, 10, 51, 3_000_000, 5, 1_010.0, 0.45, 0.74, 14_000, 62_000, 1.4e7),
        Coin("DOGE", 12, 0, 10, 52, 20_000_000, 5, 0.21, 0.95, 0.87, 18_000, 1.1e9, 3.8e7),
        Coin("XRP", 25, 0, 20, 53, 40_000_000, 10, 2.55, 0.85, 0.83, 40_000, 2.0e8, 1.5e8),
    )
}
BY_ASSET: Final = {coin.asset: coin for coin in COINS.values()}

_DELISTED = {
    2: "ATOM",
    3: "MATIC",
    4: "DYDX",
    6: "AVAX",
    8: "APE",
    9: "OP",
    10: "LTC",
    11: "ARB",
    13: "INJ",
    14: "SUI",
    15: "kPEPE",
    16: "CRV",
    17: "LDO",
    18: "LINK",
    19: "STX",
    20: "RNDR",
    21: "CFX",
    22: "FTM",
    23: "GMX",
    24: "SNX",
}
_DESCRIPTIONS = {
    51: "tiered 10x",
    52: "tiered 10x (2)",
    53: "tiered 20x",
    54: "tiered 20x (2)",
    55: "tiered 25x",
    56: "tiered 40x",
}


def universe() -> list[dict[str, Any]]:
    """The perpetuals, asset id = index; what this simulator doesn't trade keeps its slot as delisted."""
    rows: list[dict[str, Any]] = []
    for asset in range(max(BY_ASSET) + 1):
        coin = BY_ASSET.get(asset)
        if coin is None:
            name = _DELISTED[asset]
            rows.append({"szDecimals": 1, "name": name, "maxLeverage": 5, "marginTableId": 5, "isDelisted": True})
        else:
            rows.append(
                {
                    "szDecimals": coin.size_decimals,
                    "name": coin.name,
                    "maxLeverage": coin.max_leverage,
                    "marginTableId": coin.margin_table,
                }
            )
    return rows


def margin_table(table_id: int) -> dict[str, Any] | None:
    """One margin table; ids below 50 mean a single tier of that leverage. None for an unknown id."""
    if 0 < table_id < 50:
        return {"description": "", "marginTiers": [{"lowerBound": "0.0", "maxLeverage": table_id}]}
    for coin in COINS.values():
        if coin.margin_table == table_id:
            upper = {"lowerBound": f"{coin.tier_bound_usd}.0", "maxLeverage": coin.tier_leverage}
            tiers = [{"lowerBound": "0.0", "maxLeverage": coin.max_leverage}, upper]
            return {"description": _DESCRIPTIONS[table_id], "marginTiers": tiers}
    return None


def meta() -> dict[str, Any]:
    """The answer to {"type": "meta"}."""
    tables = [[table, margin_table(table)] for table in sorted(_DESCRIPTIONS)]
    return {"universe": universe(), "marginTables": tables, "collateralToken": 0}


def spot_meta() -> dict[str, Any]:
    """The smallest self-consistent spot universe: the USDC token that collateral is held in."""
    usdc = {
        "name": "USDC",
        "szDecimals": 8,
        "weiDecimals": 8,
        "index": 0,
        "tokenId": "0x6d1e7cde53ba9467b783cb7c530ce054",
        "isCanonical": True,
        "evmContract": None,
        "fullName": None,
        "deployerTradingFeeShare": "0.0",
    }
    return {"universe": [], "tokens": [usdc]}
