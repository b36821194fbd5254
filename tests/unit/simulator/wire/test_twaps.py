"""TWAP orders as clients see them: rows, slices, events, and their cancel."""

import json
from pathlib import Path
from typing import Any

import pytest
from signing_trader import SigningTrader

from simulator.exchange.world import World
from simulator.server.storage.store import Store
from simulator.wire.streams.messages import change_messages

Body = dict[str, Any]

KINDS = ("userEvents", "userTwapHistory", "userTwapSliceFills", "twapStates")


class TwapTrader(SigningTrader):
    """A trader that keeps the messages of its streams, by channel."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, list[Any]] = {}
        self.world.take_changes()

    def listen(self) -> None:
        keys = {(kind, self.user) for kind in KINDS}
        for _, text in change_messages(self.world, self.world.take_changes(), keys, self.now_ms):
            content = json.loads(text)
            self.heard.setdefault(content["channel"], []).append(content["data"])

    def start(self, size: str = "0.1", minutes: int = 5, **more: Any) -> int:
        twap = {"a": 0, "b": True, "s": size, "r": False, "m": minutes, "t": False} | more
        answer = self.act({"type": "twapOrder", "twap": twap})
        self.listen()
        twap_id: int = answer["response"]["data"]["status"]["running"]["twapId"]
        return twap_id

    def cancel(self, twap_id: int, asset: int = 0) -> Any:
        answer = self.act({"type": "twapCancel", "a": asset, "t": twap_id})
        self.listen()
        return answer["response"]["data"]["status"]

    def pass_time(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self.world.step(self.now_ms)
        self.listen()

    def history(self) -> list[Body]:
        rows: list[Body] = self.info("twapHistory")
        return rows


@pytest.fixture
def trader() -> TwapTrader:
    return TwapTrader()


def test_the_history_has_a_row_a_status_with_the_state_then(trader: TwapTrader) -> None:
    twap_id = trader.start()
    for _ in range(3):
        trader.pass_time(30)
    assert trader.cancel(twap_id) == "success"
    ended, begun = trader.history()
    assert [row["status"] for row in (begun, ended)] == [{"status": "activated"}, {"status": "terminated"}]
    assert begun["state"]["executedSz"] == "0.0"
    assert float(ended["state"]["executedSz"]) > 0.02
    assert {row["twapId"] for row in (begun, ended)} == {twap_id}
    assert (begun["state"]["stopPx"], begun["state"]["trigger"]) == (None, None)
    assert begun["time"] < ended["time"]


def test_a_finished_one_has_its_row_and_leaves_the_states(trader: TwapTrader) -> None:
    trader.start()
    assert len(trader.heard["twapStates"][-1]["states"]) == 1
    for _ in range(13):
        trader.pass_time(30)
    assert [row["status"]["status"] for row in trader.history()] == ["finished", "activated"]
    assert trader.heard["twapStates"][-1]["states"] == []
    assert trader.history()[0]["state"]["executedSz"] == "0.1"


def test_statuses_and_slices_are_events(trader: TwapTrader) -> None:
    twap_id = trader.start()
    trader.pass_time(30)
    trader.cancel(twap_id)
    events = trader.heard["user"]
    statuses = [row["status"]["status"] for each in events for row in each.get("twapHistory", [])]
    slices = [row for each in events for row in each.get("twapSliceFills", [])]
    assert statuses == ["activated", "terminated"]
    assert slices
    assert {row["twapId"] for row in slices} == {twap_id}
    assert [row for each in trader.heard["userTwapSliceFills"] for row in each["twapSliceFills"]] == slices
    rows = [row for each in trader.heard["userTwapHistory"] for row in each["history"]]
    assert rows == list(reversed(trader.history()))


def test_slices_are_found_by_time(trader: TwapTrader) -> None:
    trader.start()
    for _ in range(4):
        trader.pass_time(30)
    every = trader.info("userTwapSliceFills")
    times = sorted({row["fill"]["time"] for row in every})
    assert len(times) > 1
    found = trader.info("userTwapSliceFillsByTime", startTime=times[1], endTime=times[-1])
    assert found == [row for row in reversed(every) if row["fill"]["time"] >= times[1]]
    assert trader.info("historicalOrders")[0]["order"]["orderType"] == "Twap Slice"


@pytest.mark.parametrize("asset", [1, 9_999])
def test_a_cancel_names_the_coin_of_the_order(trader: TwapTrader, asset: int) -> None:
    twap_id = trader.start()
    assert "error" in trader.cancel(twap_id, asset)
    assert trader.cancel(twap_id) == "success"
    assert trader.cancel(twap_id) == {"error": "TWAP was never placed, already canceled, or filled."}


def test_the_history_survives_a_restart(trader: TwapTrader, tmp_path: Path) -> None:
    world = trader.world
    store = Store(tmp_path)
    trader.listen = lambda: store.save(world, [world.take_changes()])  # type: ignore[method-assign]
    world.exchange.changes.accounts.add(trader.user)
    trader.cancel(trader.start())
    store.save_market(world)
    store.close()
    again = World(1, trader.now_ms, world.market)
    assert Store(tmp_path).load(again)
    before = trader.history()
    trader.world = again
    assert trader.history() == before
