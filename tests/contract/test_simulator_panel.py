"""The control panel over HTTP: faults by type, user and time, and what it does to accounts, coins and the clock."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from eth_account import Account
from hyperliquid.exchange import Exchange

from simulator.testing.process import SimulatorProcess

LIMIT_S = 60.0
HALF_HOUR_S = 1_800
DAY_MS = 86_400_000
OTHER = "0x" + "bb" * 20


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess(tmp_path_factory.mktemp("simulator"), simulator_account_mode="unified").start()
    yield simulator
    simulator.stop()


@pytest.fixture(autouse=True)
def _without_faults(simulator: SimulatorProcess) -> Iterator[None]:
    yield
    simulator.panel("clear", now=True)


class Trader:
    """A funded account with an API wallet."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator, self.wallet = simulator, Account.create()
        self.user = self.wallet.address.lower()
        simulator.fund(self.user)
        self.exchange = Exchange(self.wallet, simulator.url)

    def info(self, kind: str, **more: Any) -> Any:
        return self.simulator.info(type=kind, user=self.user, **more)

    def status(self, kind: str, **more: Any) -> int:
        body = {"type": kind, "user": self.user} | more
        return httpx.post(f"{self.simulator.url}/info", json=body, timeout=LIMIT_S).status_code

    def open_position(self) -> None:
        answer = self.exchange.market_open("ETH", True, 0.5)
        assert "filled" in answer["response"]["data"]["statuses"][0], answer


@pytest.fixture
def trader(simulator: SimulatorProcess) -> Trader:
    return Trader(simulator)


def refused(simulator: SimulatorProcess, path: str, **body: Any) -> str:
    answer = httpx.post(f"http://127.0.0.1:{simulator.control_port}/{path}", json=body, timeout=LIMIT_S)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def test_one_type_of_one_user_is_away_for_a_time(simulator: SimulatorProcess, trader: Trader) -> None:
    fault = {"where": "http", "kind": "502", "target": "userFillsByTime", "user": trader.user.upper().replace("X", "x")}
    simulator.panel("faults", **fault, seconds=HALF_HOUR_S)
    for _ in range(3):
        assert trader.status("userFillsByTime", startTime=0) == 502
    assert trader.status("clearinghouseState") == 200
    assert httpx.post(
        f"{simulator.url}/info", json={"type": "userFillsByTime", "user": OTHER, "startTime": 0}
    ).is_success
    simulator.panel("clear", now=True)
    simulator.panel("faults", **fault, seconds=0.2)
    deadline = time.monotonic() + LIMIT_S
    while trader.status("userFillsByTime", startTime=0) != 200:
        assert time.monotonic() < deadline


def test_one_kind_of_action_meets_a_fault(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("faults", where="http", kind="503", target="cancel", seconds=HALF_HOUR_S)
    assert trader.exchange.update_leverage(5, "ETH", False)["status"] == "ok"
    with pytest.raises(Exception, match="503"):
        trader.exchange.cancel("ETH", 1)


def test_an_answer_drips_byte_by_byte(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("faults", where="http", kind="drip", target="openOrders", delay_s=0.2)
    before = time.monotonic()
    assert trader.info("openOrders") == []
    assert time.monotonic() - before >= 0.4
    simulator.panel("faults", where="http", kind="drip", target="userFees", delay_s=1.0)
    body = {"type": "userFees", "user": trader.user}
    with httpx.stream("POST", f"{simulator.url}/info", json=body, timeout=LIMIT_S) as answer:
        first = next(answer.iter_raw())
        assert answer.status_code == 200
        assert len(first) < int(answer.headers["content-length"])


def test_reads_lag_until_the_panel_is_cleared(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("faults", where="info", kind="lag", target="clearinghouseState", user=trader.user, delay_s=100)
    trader.open_position()
    assert trader.info("clearinghouseState")["assetPositions"] == []
    assert len(trader.info("userFills")) == 1
    assert "lag" in str(simulator.panel("faults")["waiting"])
    simulator.panel("clear", now=True)
    assert len(trader.info("clearinghouseState")["assetPositions"]) == 1


def test_the_mode_is_set_and_switched_while_a_position_is_open(simulator: SimulatorProcess, trader: Trader) -> None:
    assert trader.info("userAbstraction") == "unifiedAccount"
    assert simulator.panel("account", user=trader.user, mode="standard")["mode"] == "default"
    assert trader.info("clearinghouseState")["withdrawable"] == "10000.0"
    trader.open_position()
    simulator.panel("account", user=trader.user, mode="unified", outcomes={"+92260": "3"})
    spot = trader.info("spotClearinghouseState")
    assert [row["coin"] for row in spot["balances"]] == ["USDC", "+92260"]
    assert float(spot["balances"][0]["total"]) == pytest.approx(10_000, abs=2)
    assert simulator.panel("account", user=trader.user, mode="somethingNew")["mode"] == "somethingNew"
    assert trader.info("userAbstraction") == "somethingNew"


def test_cash_moves_with_its_row(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("ledger", user=trader.user, type="vaultDeposit", usd="-4000")
    simulator.panel("ledger", user=trader.user, type="send", usd="10000")
    rows = trader.info("userNonFundingLedgerUpdates", startTime=0)
    assert [row["delta"]["type"] for row in rows] == ["deposit", "vaultDeposit", "send"]
    assert trader.info("spotClearinghouseState")["balances"][0]["total"] == "16000.0"
    assert "vaultDeposit moves" in refused(simulator, "ledger", user=trader.user, type="vaultDeposit", usd="1")


def test_wallets_are_ended_and_pruned(simulator: SimulatorProcess, trader: Trader) -> None:
    _, key = trader.exchange.approve_agent("bot")
    agent = Exchange(Account.from_key(key), simulator.url, account_address=trader.user)
    assert agent.update_leverage(5, "ETH")["status"] == "ok"
    simulator.panel("wallet", address=agent.wallet.address, kind="ended")
    assert agent.update_leverage(5, "ETH")["status"] == "err"
    simulator.panel("wallet", address=agent.wallet.address, kind="pruned")
    assert "does not exist" in agent.update_leverage(5, "ETH")["response"]


def test_a_stop_is_cancelled_by_hand(simulator: SimulatorProcess, trader: Trader) -> None:
    trader.open_position()
    mark = float(simulator.info(type="allMids")["ETH"])  # type: ignore[index]
    for kind, factor in (("sl", 0.9), ("tp", 1.1)):
        trigger = {"trigger": {"triggerPx": float(round(mark * factor)), "isMarket": True, "tpsl": kind}}
        trader.exchange.order("ETH", False, 0.5, float(round(mark * factor)), trigger, reduce_only=True)
    assert simulator.panel("cancel", user=trader.user, coin="ETH")["cancelled"] == 1
    assert [row["orderType"] for row in trader.info("frontendOpenOrders")] == ["Take Profit Market"]


def test_orders_are_refused_as_arranged(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("refuse", role="opening", text="Not now.", user=trader.user)
    answer = trader.exchange.market_open("ETH", True, 0.5)
    assert answer["response"]["data"]["statuses"][0]["error"].startswith("Not now.")
    trader.open_position()
    simulator.panel("post_only", seconds=HALF_HOUR_S)
    answer = trader.exchange.market_open("ETH", True, 0.5)
    assert "network upgrade" in answer["response"]["data"]["statuses"][0]["error"]


def test_limits_and_listing_change_while_it_runs(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("coin", coin="BNB", max_leverage=3)
    assert "Invalid leverage" in str(trader.exchange.update_leverage(4, "BNB"))
    simulator.panel("coin", coin="DOGE", delisted=True)
    slots = {row["name"]: row for row in simulator.info(type="meta")["universe"]}  # type: ignore[index]
    assert (slots["BNB"]["maxLeverage"], slots["DOGE"].get("isDelisted")) == (3, True)


def test_the_clock_is_ahead(simulator: SimulatorProcess, trader: Trader) -> None:
    simulator.panel("clock", skew_s=3 * 86_400)
    try:
        ahead_ms = trader.info("clearinghouseState")["time"] - time.time() * 1000
        assert ahead_ms == pytest.approx(3 * DAY_MS, abs=LIMIT_S * 1000)
        assert "nonce too low" in trader.exchange.update_leverage(5, "ETH")["response"]
    finally:
        simulator.panel("clock", skew_s=0)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("faults", {"where": "info", "kind": "rain"}, "kind must be"),
        ("faults", {"where": "info", "kind": "lag", "delay_s": -1}, "delay_s"),
        ("account", {"user": OTHER, "mode": "unified"}, "not a funded account"),
        ("account", {}, "'user' is missing"),
        ("ledger", {"user": "FUNDED", "type": "send", "usd": "NaN"}, "usd must be"),
        ("wallet", {"address": OTHER}, "is missing or unknown"),
        ("cancel", {"user": "FUNDED", "what": "nothing"}, "is missing or unknown"),
        ("refuse", {"role": "king", "text": "no"}, "role must be"),
        ("coin", {"coin": "GOLD"}, "coin must be"),
        ("coin", {"coin": "ETH", "max_leverage": 99}, "max_leverage 1 to"),
        ("clock", {"skew_s": "NaN"}, "skew_s must be"),
    ],
)
def test_a_wrong_body_is_refused_by_what_is_wrong(
    simulator: SimulatorProcess, trader: Trader, path: str, body: dict[str, Any], named: str
) -> None:
    given = {name: trader.user if value == "FUNDED" else value for name, value in body.items()}
    assert named in refused(simulator, path, **given)
