"""What an exchange lists: its coins at their mainnet asset ids, the slots between them, and the margin tables."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from simulator.market.coins import COINS, Coin


class UnknownCoin(ValueError):
    """A name that isn't one of the coins that can be listed."""


@dataclass(frozen=True)
class Listing:
    """The coins that one exchange trades, by name."""

    coins: dict[str, Coin]
    delisted: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> "Listing":
        """The listing of these coins, in the order of COINS whatever the order of the names. Raises UnknownCoin."""
        wanted = set(names)
        if unknown := wanted - COINS.keys():
            raise UnknownCoin(f"{', '.join(sorted(unknown))} can't be listed; choose from {', '.join(COINS)}")
        return cls({name: coin for name, coin in COINS.items() if name in wanted})

    def with_leverage(self, name: str, max_leverage: int, tier_leverage: int | None = None) -> "Listing":
        """The same with other leverage limits of one coin; above the tier's bound not more than below it."""
        coin = self.coins[name]
        upper = min(coin.tier_leverage if tier_leverage is None else tier_leverage, max_leverage)
        changed = replace(coin, max_leverage=max_leverage, tier_leverage=upper)
        return replace(self, coins=self.coins | {name: changed})

    def without(self, name: str) -> "Listing":
        """The same after a coin was delisted: it keeps its slot, but takes no orders."""
        return replace(self, delisted=self.delisted | {self.coins[name].name})

    @cached_property
    def by_asset(self) -> dict[int, Coin]:
        """The coins that take orders, by asset id."""
        return {coin.asset: coin for coin in self.coins.values() if coin.name not in self.delisted}

    def universe(self) -> list[dict[str, Any]]:
        """The perpetuals, asset id = index; a slot that isn't listed is shown as delisted."""
        return [self._slot(asset) for asset in range(max(coin.asset for coin in self.coins.values()) + 1)]

    def _slot(self, asset: int) -> dict[str, Any]:
        coin = next((each for each in self.coins.values() if each.asset == asset), None)
        if coin is None:
            name = _SLOT_NAMES.get(asset, f"SLOT{asset}")
            return {"szDecimals": 1, "name": name, "maxLeverage": 5, "marginTableId": 5, "isDelisted": True}
        row = {
            "szDecimals": coin.size_decimals,
            "name": coin.name,
            "maxLeverage": coin.max_leverage,
            "marginTableId": coin.margin_table,
        }
        return row | {"isDelisted": True} if coin.name in self.delisted else row

    def meta(self) -> dict[str, Any]:
        """The answer to {"type": "meta"}."""
        tables = [[table, self.margin_table(table)] for table in sorted(_TABLE_DESCRIPTIONS)]
        return {"universe": self.universe(), "marginTables": tables, "collateralToken": 0}

    def margin_table(self, table_id: int) -> dict[str, Any] | None:
        """One margin table; ids below 50 mean a single tier of that leverage. None for an unknown id."""
        if 0 < table_id < FIRST_TIERED_TABLE:
            return {"description": "", "marginTiers": [{"lowerBound": "0.0", "maxLeverage": table_id}]}
        for coin in (COINS | self.coins).values():
            if coin.margin_table == table_id:
                upper = {"lowerBound": f"{coin.tier_bound_usd}.0", "maxLeverage": coin.tier_leverage}
                tiers = [{"lowerBound": "0.0", "maxLeverage": coin.max_leverage}, upper]
                return {"description": _TABLE_DESCRIPTIONS[table_id], "marginTiers": tiers}
        return None


DEFAULT_LISTING: Final = Listing.of(("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"))

_SLOT_NAMES: Final = {coin.asset: coin.name for coin in COINS.values()} | {
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
_TABLE_DESCRIPTIONS: Final = {
    51: "tiered 10x",
    52: "tiered 10x (2)",
    53: "tiered 20x",
    54: "tiered 20x (2)",
    55: "tiered 25x",
    56: "tiered 40x",
}
FIRST_TIERED_TABLE: Final = 50


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
