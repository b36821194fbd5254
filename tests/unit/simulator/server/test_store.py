"""The stored state under another listing."""

from pathlib import Path

import pytest
from signing_trader import NOW, SigningTrader

from simulator.exchange.world import World
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.market import Market
from simulator.server.storage.store import Store, UnlistedCoins

WITH_HYPE = Listing.of([*DEFAULT_LISTING.coins, "HYPE"])


def world_with_hype() -> World:
    return World(1, NOW, Market(1, NOW, listing=WITH_HYPE))


@pytest.mark.parametrize("factor", [0.9, 1.02])
def test_held_coins_must_stay_listed(tmp_path: Path, factor: float) -> None:
    trader = SigningTrader(world=world_with_hype())
    [status] = trader.order(trader.wire(100, factor, coin="HYPE"))
    assert "error" not in status
    Store(tmp_path).save(trader.world, [trader.world.take_changes()])
    with pytest.raises(UnlistedCoins, match=r"^HYPE$"):
        Store(tmp_path).load(World(1, NOW))
    assert Store(tmp_path).load(world_with_hype())


def test_coins_that_were_only_traded_may_leave_the_listing(tmp_path: Path) -> None:
    trader = SigningTrader(world=world_with_hype())
    [status] = trader.order(trader.wire(100, 0.9, coin="HYPE"))
    trader.act({"type": "cancel", "cancels": [{"a": 159, "o": status["resting"]["oid"]}]})
    Store(tmp_path).save(trader.world, [trader.world.take_changes()])
    again = World(1, NOW)
    assert Store(tmp_path).load(again)
    assert [order.coin for order in again.histories.orders.values()] == ["HYPE"]
