"""The crash sweep's monitor: which positions are unprotected, and for how long."""

from typing import Any

import pytest

from crash_sweep.exchange_monitor import ExchangeMonitor

ADDRESS = "0x" + "ab" * 20
LONG = {"assetPositions": [{"position": {"coin": "ETH", "szi": "2.0"}}]}


def stop(**changes: Any) -> dict[str, Any]:
    order = {"coin": "ETH", "side": "A", "reduceOnly": True, "orderType": "Stop Market", "sz": "2.0"}
    return order | changes


class CannedMonitor(ExchangeMonitor):
    """Answers in the exchange's place."""

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
def test_position_without_stops_for_its_whole_size_is_unprotected(orders: list[dict[str, Any]]) -> None:
    assert CannedMonitor(*orders).unprotected(ADDRESS) == {"ETH"}


@pytest.mark.parametrize("orders", [[stop()], [stop(sz="1.5"), stop(sz="0.5")], [stop(sz="0.0")]])
def test_position_covered_by_stops_is_protected(orders: list[dict[str, Any]]) -> None:
    assert CannedMonitor(*orders).unprotected(ADDRESS) == set()


def test_longest_time_counts_and_restarts_once_protected() -> None:
    monitor = CannedMonitor()
    for now_s, unprotected in ((0.0, {"ETH"}), (4.0, {"ETH"}), (5.0, set()), (6.0, {"ETH"}), (7.0, {"ETH"})):
        monitor._note(ADDRESS, unprotected, now_s)
    assert monitor.longest_s == {(ADDRESS, "ETH"): 4.0}
