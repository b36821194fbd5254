"""The stored state: a file of the first release loads, and the listing may change over a restart."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from signing_trader import NOW, SigningTrader

from simulator.exchange.world import World
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.live import LiveMarket
from simulator.market.market import Market
from simulator.server.storage.store import SCHEMA, Store, UnlistedCoins
from simulator.wire.info.dispatch import answer_info

GOLDEN = Path(__file__).parents[3] / "golden" / "simulator"
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


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder with the state that version 0.1.0 has stored, without its candles."""
    with sqlite3.connect(tmp_path / "simulator.sqlite") as database:
        database.executescript(SCHEMA)
        for line in (GOLDEN / "stored_state.jsonl").read_text().splitlines():
            entry = json.loads(line)
            if "document" in entry:
                values = (*entry["document"], json.dumps(entry["body"]))
                database.execute("INSERT INTO documents VALUES (?, ?, ?)", values)
            else:
                values = (*entry["row"], json.dumps(entry["body"]))
                database.execute("INSERT INTO rows (kind, account, body) VALUES (?, ?, ?)", values)
    database.close()
    return tmp_path


def test_a_stored_state_of_the_first_release_gives_the_same_answers(stored: Path) -> None:
    store = Store(stored)
    market = Market(1, NOW)
    store.load_market(market)
    world = World(1, market.time_ms, market)
    assert store.load(world)
    [user] = world.exchange.accounts
    expected: dict[str, Any] = json.loads((GOLDEN / "stored_state_answers.json").read_text())
    for kind, answer in expected.items():
        assert answer_info(world, {"type": kind, "user": user, "startTime": 0}, world.time_ms) == answer, kind


def test_a_candle_completed_after_it_closed_is_saved(tmp_path: Path) -> None:
    """A feed that was lost brings the rest of a closed minute later, when its first part is on the disk already."""

    def candle(minute: int, count: int) -> dict[str, Any]:
        figures = {"o": "100.0", "h": "101.0", "l": "99.0", "c": "100.0", "v": str(count)}
        return {"s": "BTC", "i": "1m", "t": NOW - NOW % 60_000 + minute * 60_000, "n": count} | figures

    market = LiveMarket(1, NOW)
    world, store = World(1, NOW, market), Store(tmp_path)
    for row in (candle(0, 3), candle(1, 1)):
        market.receive("candle", row)
    store.save_market(world)
    market.receive_past([candle(-1, 7), candle(0, 9)])
    store.save_market(world)
    store.close()
    again = LiveMarket(1, NOW)
    Store(tmp_path).load_market(again)
    assert [each.count for each in again.coins["BTC"].candles.series["1m"]] == [7, 9, 1]
