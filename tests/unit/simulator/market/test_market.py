"""The synthetic market: the default coins' prices by seed, and a listing that changes over a restart."""

import pytest

from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.market import Market

START_MS = 1_760_000_400_000
WITH_HYPE = Listing.of([*DEFAULT_LISTING.coins, "HYPE"])
EXPECTED_MIDS = {
    "BTC": 118256.42401597774,
    "ETH": 3760.73840121443,
    "SOL": 187.31756089648795,
    "BNB": 1012.8347758462373,
    "DOGE": 0.21093601126682704,
    "XRP": 2.587829745001072,
}
"""Of seed 1 after 200 steps of a second and one to the hour's end."""


def play(market: Market) -> Market:
    for second in range(1, 201):
        market.step(START_MS + second * 1_000)
    market.step(START_MS + 3_600_000)
    return market


def test_a_seed_always_draws_the_same_prices() -> None:
    market = play(Market(1, START_MS))
    assert {name: each.mid for name, each in market.coins.items()} == pytest.approx(EXPECTED_MIDS, rel=1e-12)


def test_a_listed_coin_has_books_candles_trades_and_funding() -> None:
    hype = play(Market(1, START_MS, listing=WITH_HYPE)).coins["HYPE"]
    assert 20 < hype.mid < 60
    assert len(hype.bids) == len(hype.asks) == 20
    assert all(hype.candles.series.values())
    assert hype.trades
    assert hype.premium_count
    assert hype.coin.accepts_price(hype.bids[0].price)


def test_a_coin_listed_later_begins_beside_the_stored_ones() -> None:
    before = play(Market(1, START_MS))
    market = Market(1, START_MS, listing=WITH_HYPE)
    market.load(before.save(), {})
    assert market.coins["XRP"].mid == before.coins["XRP"].mid
    trades = market.step(market.time_ms + 60_000)
    assert set(trades) == set(market.coins) == set(WITH_HYPE.coins)


def test_a_coin_no_longer_listed_is_left_out_of_the_stored_market() -> None:
    before = play(Market(1, START_MS, listing=WITH_HYPE))
    market = Market(1, START_MS)
    market.load(before.save(), {})
    assert set(market.step(market.time_ms + 60_000)) == set(DEFAULT_LISTING.coins)
