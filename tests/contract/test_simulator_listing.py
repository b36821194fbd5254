"""A simulator that lists a seventh coin, over real sockets: orders by the official SDK, streams, restarts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from harness import wait_until
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from sdk_socket import subscribe_all

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

COINS = "BTC,ETH,SOL,BNB,DOGE,XRP,HYPE"
WALLET: Any = Account.from_key("0x" + "37" * 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulator")


@pytest.fixture(scope="module")
def simulator(folder: Path) -> Iterator[SimulatorProcess]:
    accounts = [(WALLET.address, WALLET.address)]
    simulator = ForkedSimulator(folder, accounts=accounts, simulator_coins=COINS).start()
    yield simulator
    simulator.stop()


def held(simulator: SimulatorProcess) -> dict[str, str]:
    state: Any = simulator.info(type="clearinghouseState", user=WALLET.address)
    return {row["position"]["coin"]: row["position"]["szi"] for row in state["assetPositions"]}


def test_the_sdk_trades_the_seventh_coin_and_a_restart_keeps_it(simulator: SimulatorProcess) -> None:
    info = Info(simulator.url, skip_ws=True)
    assert info.name_to_asset("HYPE") == 159
    exchange = Exchange(WALLET, simulator.url)
    assert exchange.update_leverage(10, "HYPE", is_cross=False)["status"] == "ok"
    mid = float(info.all_mids()["HYPE"])
    answer = exchange.order("HYPE", True, 12.34, round(mid * 1.02, 2), {"limit": {"tif": "Ioc"}})
    assert answer["response"]["data"]["statuses"][0]["filled"]["totalSz"] == "12.34"
    assert held(simulator) == {"HYPE": "12.34"}
    simulator.kill()
    simulator.start()
    assert held(simulator) == {"HYPE": "12.34"}
    now_ms = info.candles_snapshot("HYPE", "1d", 0, 2**53)[-1]["t"]
    assert len(info.candles_snapshot("HYPE", "1h", now_ms - 86_400_000, now_ms)) >= 24


def test_market_streams_have_the_seventh_coin(simulator: SimulatorProcess) -> None:
    info, messages = Info(simulator.url), dict[str, list[Any]]()
    subscriptions = [{"type": kind, "coin": "HYPE"} for kind in ("l2Book", "bbo", "activeAssetCtx")]
    subscribe_all(info, [{"type": "allMids"}, *subscriptions], messages)
    wait_until("the book and the context", lambda: {"allMids", "l2Book", "bbo"} <= messages.keys())
    assert "HYPE" in messages["allMids"][-1]["mids"]
    assert messages["l2Book"][-1]["coin"] == "HYPE"
    info.disconnect_websocket()


def test_a_coin_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    simulator = ForkedSimulator(tmp_path).start()
    try:
        answer = httpx.post(f"{simulator.url}/info", json={"type": "l2Book", "coin": "HYPE"}, timeout=60)
        assert (answer.status_code, answer.json()) == (200, None)
        meta: Any = simulator.info(type="meta")
        assert len(meta["universe"]) == 26
    finally:
        simulator.stop()


@pytest.mark.parametrize(
    ("coins", "line"),
    [
        (
            "BTC,PEPE",
            "simulator: SIMULATOR_COINS: PEPE can't be listed; choose from BTC, ETH, SOL, BNB, DOGE, XRP, HYPE",
        ),
        (",", "simulator: SIMULATOR_COINS: names no coin; choose from BTC, ETH, SOL, BNB, DOGE, XRP, HYPE"),
    ],
)
def test_an_unknown_coin_ends_the_start_in_one_line(tmp_path: Path, coins: str, line: str) -> None:
    code, errors = start(tmp_path, coins)
    assert code == 2
    assert errors.startswith(line)
    assert errors.count("\n") == 1


def test_a_held_coin_that_is_not_listed_ends_the_start(simulator: SimulatorProcess, folder: Path) -> None:
    assert held(simulator)
    simulator.stop()
    code, errors = start(folder, "BTC,ETH")
    simulator.start()
    assert code == 2
    assert errors.startswith("simulator: SIMULATOR_COINS: HYPE must stay listed")
    assert errors.count("\n") == 1


def start(folder: Path, coins: str) -> tuple[int, str]:
    """Exit code and error output of a start that ends by itself."""
    settings = {"SIMULATOR_COINS": coins, "SIMULATOR_DATA_DIR": str(folder), "SIMULATOR_MARKET": "synthetic"}
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.main"],
        env=os.environ | settings | {"SIMULATOR_PORT": "0", "METRICS_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stderr
