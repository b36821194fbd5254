"""The listing: the universe of the default coins, the padding for a coin further up, and refused names."""

import pytest

from common.trading.instruments import INSTRUMENTS
from simulator.market.coins import COINS
from simulator.market.listing import DEFAULT_LISTING, Listing, UnknownCoin

DEFAULT_ASSETS = {"BTC": 0, "ETH": 1, "SOL": 5, "BNB": 7, "DOGE": 12, "XRP": 25}


def listed(listing: Listing) -> dict[str, int]:
    return {row["name"]: asset for asset, row in enumerate(listing.universe()) if not row.get("isDelisted")}


def test_default_universe_ends_with_the_last_of_the_six_coins() -> None:
    assert listed(DEFAULT_LISTING) == DEFAULT_ASSETS
    assert len(DEFAULT_LISTING.universe()) == 26


def test_universe_is_padded_with_delisted_slots_up_to_hype() -> None:
    listing = Listing.of([*DEFAULT_ASSETS, "HYPE"])
    universe = listing.universe()
    assert listed(listing) == DEFAULT_ASSETS | {"HYPE": 159}
    assert universe[:26] == DEFAULT_LISTING.universe()
    assert len({row["name"] for row in universe}) == len(universe) == 160


def test_a_coin_that_is_not_listed_keeps_its_name_on_a_delisted_slot() -> None:
    universe = Listing.of(["SOL"]).universe()
    assert universe[1] == {"szDecimals": 1, "name": "ETH", "maxLeverage": 5, "marginTableId": 5, "isDelisted": True}
    assert listed(Listing.of(["SOL"])) == {"SOL": 5}


def test_order_of_names_does_not_change_the_listing() -> None:
    assert list(Listing.of(["HYPE", "XRP", "BTC"]).coins) == ["BTC", "XRP", "HYPE"]


def test_unknown_coin_is_refused_with_the_coins_that_can_be_listed() -> None:
    with pytest.raises(UnknownCoin, match=r"PEPE can't be listed; choose from BTC, .*, HYPE"):
        Listing.of(["BTC", "PEPE"])


def test_every_coin_has_the_trading_rules_that_the_arena_assumes() -> None:
    for symbol, instrument in INSTRUMENTS.items():
        coin = COINS[symbol.value]
        assert (coin.size_decimals, coin.max_leverage) == (instrument.size_decimals, instrument.max_leverage)
        table = DEFAULT_LISTING.margin_table(coin.margin_table)
        assert table is not None
        assert [(float(row["lowerBound"]), row["maxLeverage"]) for row in table["marginTiers"]] == [
            (float(tier.lower_bound_usd), tier.max_leverage) for tier in instrument.tiers
        ]
