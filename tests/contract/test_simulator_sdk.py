"""The official SDK, unmodified and over real sockets, trades on the simulator; the simulator survives SIGKILL."""

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from harness import wait_until
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.types import Cloid
from sdk_socket import subscribe_all

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

TAKER = Decimal("0.00045")


class Trader:
    """One funded account with an API wallet, as the SDK sees it."""

    def __init__(self, simulator: SimulatorProcess, master: Any, wallet: Any) -> None:
        self.simulator, self.address, self.wallet = simulator, master.address, wallet
        self.info = Info(simulator.url, skip_ws=True)
        self.exchange = Exchange(wallet, simulator.url, account_address=master.address)

    def mid(self, coin: str) -> float:
        return float(self.info.all_mids()[coin])

    def position(self, coin: str) -> dict[str, Any] | None:
        rows = [row["position"] for row in self.info.user_state(self.address)["assetPositions"]]
        return next((row for row in rows if row["coin"] == coin), None)

    def bracket(self, coin: str, size: float, *, start: int, limit: float = 1.01) -> Any:
        mid = self.mid(coin)
        entry = {
            "coin": coin,
            "is_buy": True,
            "sz": size,
            "limit_px": round(mid * limit),
            "order_type": {"limit": {"tif": "Ioc"}},
            "reduce_only": False,
            "cloid": Cloid.from_int(start),
        }
        children = [
            {
                "coin": coin,
                "is_buy": False,
                "sz": size,
                "limit_px": round(mid * worst),
                "order_type": {"trigger": {"isMarket": True, "triggerPx": round(mid * trigger), "tpsl": kind}},
                "reduce_only": True,
                "cloid": Cloid.from_int(start + index),
            }
            for index, (kind, trigger, worst) in enumerate((("sl", 0.95, 0.9), ("tp", 1.1, 1.05)), start=1)
        ]
        return self.exchange.bulk_orders([entry, *children], grouping="normalTpsl")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedSimulator]:
    simulator = ForkedSimulator(tmp_path_factory.mktemp("simulator")).start()
    yield simulator
    simulator.stop()


@pytest.fixture
def trader(simulator: ForkedSimulator) -> Trader:
    master, wallet = Account.create(), Account.create()
    simulator.open_account(master, {"trade": wallet.address})
    return Trader(simulator, master, wallet)


def statuses(answer: Any) -> Any:
    assert answer["status"] == "ok", answer
    return answer["response"]["data"]["statuses"]


def test_a_fresh_account_has_its_paper_money_and_default_leverage(trader: Trader) -> None:
    state = trader.info.user_state(trader.address)
    assert state["marginSummary"]["accountValue"] == "10000.0"
    assert state["assetPositions"] == []
    data = trader.simulator.info(type="activeAssetData", user=trader.address, coin="DOGE")
    assert isinstance(data, dict)
    assert data["leverage"] == {"type": "cross", "value": 10}


def test_a_bracket_fills_rests_and_closes_with_fees_to_the_cent(trader: Trader) -> None:
    assert trader.exchange.update_leverage(5, "BTC", is_cross=False)["status"] == "ok"
    entry, *children = statuses(trader.bracket("BTC", 0.02, start=1))
    assert entry["filled"]["totalSz"] == "0.02"
    assert children == ["waitingForTrigger", "waitingForTrigger"]
    position = trader.position("BTC")
    assert position is not None
    assert position["szi"] == "0.02"
    assert position["leverage"]["type"] == "isolated"
    kinds = {row["orderType"] for row in trader.info.frontend_open_orders(trader.address)}
    assert kinds == {"Stop Market", "Take Profit Market"}
    found = trader.info.query_order_by_cloid(trader.address, Cloid.from_int(2))
    assert found["order"]["status"] == "open"

    [closed] = statuses(trader.exchange.market_close("BTC"))
    assert closed["filled"]["totalSz"] == "0.02"
    assert trader.position("BTC") is None
    assert trader.info.frontend_open_orders(trader.address) == []
    fills = trader.info.user_fills(trader.address)
    assert [fill["dir"] for fill in fills] == ["Close Long", "Open Long"]
    for fill in fills:
        expected = Decimal(fill["px"]) * Decimal(fill["sz"]) * TAKER
        assert abs(Decimal(fill["fee"]) - expected) < Decimal("0.000001")
    profit = sum(Decimal(fill["closedPnl"]) - Decimal(fill["fee"]) for fill in fills)
    value = Decimal(trader.info.user_state(trader.address)["marginSummary"]["accountValue"])
    assert abs(value - 10_000 - profit) < Decimal("0.00001")


def test_children_of_an_unfilled_entry_are_not_placed(trader: Trader) -> None:
    [refused] = statuses(trader.bracket("BTC", 0.02, start=10, limit=0.9))
    assert refused["error"].startswith("Order could not immediately match")
    assert trader.info.open_orders(trader.address) == []
    assert trader.info.query_order_by_cloid(trader.address, Cloid.from_int(11)) == {"status": "unknownOid"}


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"sz": 0.00001, "limit_px": 100_000}, "Order must have minimum value of $10. asset=0"),
        ({"sz": 0.01, "limit_px": 117550.5}, "Price must be divisible by tick size. asset=0"),
        ({"sz": 0.01, "limit_px": 300_000}, "Order price cannot be more than 80% away"),
        ({"sz": 50.0, "limit_px": 118_000}, "Insufficient margin to place order. asset=0"),
        ({"sz": 0.01, "limit_px": 118_000, "reduce_only": True}, "Reduce only order would increase position. asset=0"),
    ],
)
def test_refusals_have_the_exchanges_error_strings(trader: Trader, order: dict[str, Any], text: str) -> None:
    options = {"reduce_only": False} | order
    answer = trader.exchange.order("BTC", True, order_type={"limit": {"tif": "Gtc"}}, **options)
    assert statuses(answer)[0]["error"].startswith(text)


def test_a_resting_order_is_found_and_cancelled_once(trader: Trader) -> None:
    price = round(trader.mid("ETH") * 0.9)
    [resting] = statuses(trader.exchange.order("ETH", True, 0.1, price, {"limit": {"tif": "Gtc"}}))
    oid = resting["resting"]["oid"]
    assert [row["oid"] for row in trader.info.open_orders(trader.address)] == [oid]
    assert statuses(trader.exchange.cancel("ETH", oid)) == ["success"]
    [again] = statuses(trader.exchange.cancel("ETH", oid))
    assert again["error"].startswith("Order was never placed, already canceled, or filled.")
    assert trader.info.query_order_by_oid(trader.address, oid)["order"]["status"] == "canceled"


def test_a_nonce_is_used_once_and_unknown_keys_are_refused(trader: Trader) -> None:
    order = trader.exchange.order
    price = round(trader.mid("BTC") * 0.9)
    sent: list[dict[str, Any]] = []
    real_post = trader.exchange.post

    def remember(path: str, payload: Any = None) -> Any:
        sent.append(payload)
        return real_post(path, payload)

    trader.exchange.post = remember
    statuses(order("BTC", True, 0.01, price, {"limit": {"tif": "Gtc"}}))
    repeated = httpx.post(f"{trader.simulator.url}/exchange", json=sent[0], timeout=60).json()
    assert repeated["status"] == "err"
    assert "duplicate nonce" in repeated["response"]
    assert len(trader.info.open_orders(trader.address)) == 1
    unknown = Exchange(Account.create(), trader.simulator.url, account_address=trader.address)
    refused = unknown.order("BTC", True, 0.01, price, {"limit": {"tif": "Gtc"}})
    assert refused["status"] == "err"
    assert "does not exist" in refused["response"]


def test_an_expired_action_is_refused(trader: Trader) -> None:
    trader.exchange.set_expires_after(int(time.time() * 1000) - 1)
    answer = trader.exchange.order("BTC", True, 0.01, 100_000, {"limit": {"tif": "Gtc"}})
    assert answer == {"status": "err", "response": "Action already expired"}


def test_accounts_orders_and_prices_survive_sigkill(trader: Trader) -> None:
    trader.exchange.update_leverage(5, "BTC", is_cross=False)
    statuses(trader.bracket("BTC", 0.02, start=20))
    before = trader.info.frontend_open_orders(trader.address)
    fills = trader.info.user_fills(trader.address)
    mid = trader.mid("BTC")
    trader.simulator.kill()
    trader.simulator.start()
    assert trader.info.frontend_open_orders(trader.address) == before
    assert trader.info.user_fills(trader.address) == fills
    position = trader.position("BTC")
    assert position is not None
    assert position["szi"] == "0.02"
    assert abs(trader.mid("BTC") / mid - 1) < 0.02
    candles = trader.info.candles_snapshot("BTC", "1m", 0, int(time.time() * 1000))
    opens = [candle["t"] for candle in candles]
    assert opens == list(range(opens[0], opens[-1] + 1, 60_000))


@pytest.mark.parametrize("interval", ["1m", "5m", "15m", "1h", "4h", "1d"])
def test_history_is_there_from_the_start(trader: Trader, interval: str) -> None:
    candles = trader.info.candles_snapshot("SOL", interval, 0, int(time.time() * 1000))
    assert len(candles) >= 500
    for candle in candles:
        low, high = float(candle["l"]), float(candle["h"])
        assert low <= float(candle["o"]) <= high
        assert low <= float(candle["c"]) <= high


def test_the_sdks_websocket_receives_market_and_fills(trader: Trader) -> None:
    received: dict[str, list[Any]] = {}
    info = Info(trader.simulator.url, skip_ws=False)
    try:
        wanted: list[Any] = [
            {"type": "allMids"},
            {"type": "l2Book", "coin": "BTC"},
            {"type": "trades", "coin": "BTC"},
            {"type": "bbo", "coin": "ETH"},
            {"type": "activeAssetCtx", "coin": "SOL"},
            {"type": "candle", "coin": "BTC", "interval": "1m"},
            {"type": "orderUpdates", "user": trader.address},
            {"type": "userFills", "user": trader.address},
        ]
        subscribe_all(info, wanted, received)
        trader.exchange.market_open("BTC", True, 0.01)
        channels = {subscription["type"] for subscription in wanted}
        wait_until("every channel", lambda: channels <= set(received) and len(received["userFills"]) > 1)
    finally:
        info.disconnect_websocket()
    assert received["userFills"][0]["isSnapshot"] is True
    assert received["userFills"][-1]["fills"][0]["coin"] == "BTC"


def test_unknown_requests_are_422_and_the_faucet_pays(trader: Trader) -> None:
    for body in ("{", '{"type":"nonsense"}', '{"type":"userFills"}'):
        answer = httpx.post(f"{trader.simulator.url}/info", content=body, timeout=60)
        assert (answer.status_code, answer.text) == (
            422,
            "Failed to deserialize the JSON body into the target type",
        )
    unknown = Account.create().address
    trader.simulator.fund(unknown, "250")
    state = trader.info.user_state(unknown)
    assert state["withdrawable"] == "250.0"
    assert httpx.post(f"{trader.simulator.url}/faucet", json={"user": "me", "usd": "1"}, timeout=60).status_code == 400


def test_a_port_in_use_ends_the_start_with_the_settings_name(trader: Trader, tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    second = subprocess.run(
        [sys.executable, "-m", "simulator.main"],
        env=os.environ | {"SIMULATOR_PORT": str(trader.simulator.port), "SIMULATOR_DATA_DIR": str(tmp_path / "second")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert second.stderr.startswith("simulator: SIMULATOR_PORT: ")
    assert json.loads(httpx.get(trader.simulator.url, timeout=60).text)["market"] == "SIMULATED"
