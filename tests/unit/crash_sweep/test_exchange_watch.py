"""The crash sweep's watcher: it tells a covered position from a bare one, and counts for how long it was bare."""

from typing import Any

import pytest

from crash_sweep.exchange_watch import ExchangeWatch

ADDRESS = "0x" + "ab" * 20
LONG = {"assetPositions": [{"position": {"coin": "ETH", "szi": "2.0"}}]}


def stop(**changes: Any) -> dict[str, Any]:
    order = {"coin": "ETH", "side": "A", "reduceOnly": True, "orderType": "Stop Market", "sz": "2.0"}
    return order | changes


class Told(ExchangeWatch):
    """Answers instead of the exchange."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        super().__init__("http://nowhere", [ADDRESS])
        self._orders = list(orders)

    def ask(self, **body: Any) -> Any:
        return LONG if body["type"] == "clearinghouseState" else self._orders


@pytest.mark.parametrize(
    "orders",
    [
        [],
        [stop(sz="1.9")],
        [stop(side="B")],
        [stop(coin="BTC")],
        [stop(reduceOnly=False)],
        [stop(orderType="Take Profit Market")],
    ],
)
def test_a_position_without_stops_for_its_whole_size_is_bare(orders: list[dict[str, Any]]) -> None:
    assert Told(*orders).naked(ADDRESS) == {"ETH"}


@pytest.mark.parametrize("orders", [[stop()], [stop(sz="1.5"), stop(sz="0.5")], [stop(sz="0.0")]])
def test_a_covered_position_is_not(orders: list[dict[str, Any]]) -> None:
    assert Told(*orders).naked(ADDRESS) == set()


def test_the_longest_time_counts_and_begins_anew_once_covered() -> None:
    watch = Told()
    for now_s, naked in ((0.0, {"ETH"}), (4.0, {"ETH"}), (5.0, set()), (6.0, {"ETH"}), (7.0, {"ETH"})):
        watch._note(ADDRESS, naked, now_s)
    assert watch.longest_s == {(ADDRESS, "ETH"): 4.0}
