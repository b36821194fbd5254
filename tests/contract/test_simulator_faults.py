"""The fault panel: each fault is applied to its target, counted, and ends."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from eth_account import Account
from hyperliquid.exchange import Exchange
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

BTC = {"type": "allMids"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    simulator = ForkedSimulator(tmp_path_factory.mktemp("simulator")).start()
    yield simulator
    simulator.stop()


@pytest.fixture(autouse=True)
def _good_day(simulator: SimulatorProcess) -> Iterator[None]:
    yield
    simulator.panel("clear", now=True)


def ask(simulator: SimulatorProcess, **options: Any) -> httpx.Response:
    return httpx.post(f"{simulator.url}/info", json=BTC, **({"timeout": 60} | options))


def happened(simulator: SimulatorProcess, name: str) -> int:
    counts = simulator.panel("faults")["happened"]
    assert isinstance(counts, dict)
    return int(counts.get(name, 0))


@pytest.mark.parametrize("status", ["429", "500", "502", "503", "504"])
def test_a_status_fault_applies_count_times(simulator: SimulatorProcess, status: str) -> None:
    before = happened(simulator, f"http.{status}")
    simulator.panel("faults", where="http", kind=status, target="/info", count=2)
    assert [ask(simulator).status_code for _ in range(3)] == [int(status), int(status), 200]
    assert happened(simulator, f"http.{status}") == before + 2


def test_a_fault_applies_to_its_path_only(simulator: SimulatorProcess) -> None:
    simulator.panel("faults", where="http", kind="500", target="/exchange")
    assert ask(simulator).status_code == 200


def test_blank_and_cut_answers(simulator: SimulatorProcess) -> None:
    simulator.panel("faults", where="http", kind="blank")
    assert ask(simulator).content == b""
    for kind in ("cut", "disconnect"):
        simulator.panel("faults", where="http", kind=kind)
        with pytest.raises(httpx.RemoteProtocolError):
            ask(simulator)


def test_a_request_is_executed_although_its_answer_is_withheld(simulator: SimulatorProcess) -> None:
    user = "0x" + "77" * 20
    simulator.panel("faults", where="http", kind="accept_then_timeout", target="/faucet")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{simulator.url}/faucet", json={"user": user, "usd": "5"}, timeout=2)
    simulator.panel("faults", where="http", kind="timeout", target="/faucet")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{simulator.url}/faucet", json={"user": user, "usd": "5"}, timeout=2)
    state = simulator.info(type="clearinghouseState", user=user)
    assert isinstance(state, dict)
    assert state["withdrawable"] == "5.0"


@pytest.mark.parametrize(
    ("kind", "status", "answer"),
    [
        ("accept_then_500", 500, None),
        ("accept_then_error", 200, {"status": "err", "response": "no"}),
        ("accept_then_refusal", 200, {"status": "err", "response": "no"}),
    ],
)
def test_a_false_error_hides_an_executed_action(
    simulator: SimulatorProcess, kind: str, status: int, answer: Any
) -> None:
    user = "0x" + f"{status:03}{len(kind):037}"
    simulator.panel("faults", where="http", kind=kind, target="/faucet", text="no")
    response = httpx.post(f"{simulator.url}/faucet", json={"user": user, "usd": "5"}, timeout=60)
    assert (response.status_code, response.json()) == (status, answer)
    assert happened(simulator, f"http.{kind}") >= 1
    state = simulator.info(type="clearinghouseState", user=user)
    assert isinstance(state, dict)
    assert state["withdrawable"] == "5.0"


def test_a_false_refusal_of_each_order_hides_the_fills(simulator: SimulatorProcess) -> None:
    wallet = Account.create()
    simulator.fund(wallet.address)
    exchange = Exchange(wallet, simulator.url)
    simulator.panel("faults", where="http", kind="accept_then_refusal", target="/exchange", text="Insufficient margin")
    answer = exchange.order("ETH", True, 0.1, 2_000, {"limit": {"tif": "Gtc"}})
    assert answer["response"]["data"]["statuses"] == [{"error": "Insufficient margin"}]
    assert len(exchange.info.open_orders(wallet.address)) == 1


def test_delays(simulator: SimulatorProcess) -> None:
    simulator.panel("faults", where="http", kind="delay", delay_s=0.4)
    before = time.monotonic()
    assert ask(simulator).status_code == 200
    assert time.monotonic() - before >= 0.4


def test_an_outage_closes_everything_and_ends(simulator: SimulatorProcess) -> None:
    with connect(f"ws{simulator.url[4:]}/ws") as socket:
        socket.send(json.dumps({"method": "ping"}))
        socket.recv(60)
        simulator.panel("outage", seconds=600)
        with pytest.raises(ConnectionClosed):
            socket.recv(60)
    assert ask(simulator).status_code == 503
    simulator.panel("outage", seconds=0.6)
    deadline = time.monotonic() + 60
    while ask(simulator).status_code != 200:
        assert time.monotonic() < deadline


def prices(simulator: SimulatorProcess) -> dict[str, float]:
    mids = simulator.info(type="allMids")
    assert isinstance(mids, dict)
    return {name: float(mid) for name, mid in mids.items()}


def test_a_jump_moves_one_coin_and_a_freeze_stops_all(simulator: SimulatorProcess) -> None:
    simulator.panel("freeze", seconds=600)
    before = prices(simulator)
    simulator.panel("jump", coin="ETH", percent=-7)
    assert all(prices(simulator) == before for _ in range(100)), "longer than a step of the market takes"
    simulator.panel("freeze", seconds=0.6)
    deadline = time.monotonic() + 60
    while (now := prices(simulator)) == before:
        assert time.monotonic() < deadline
    assert now["ETH"] / before["ETH"] == pytest.approx(0.93, abs=0.01)
    assert now["BTC"] / before["BTC"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("kind", "share"), [("drop", 0.0), ("duplicate", 2.0)])
def test_messages_are_dropped_or_duplicated(simulator: SimulatorProcess, kind: str, share: float) -> None:
    with connect(f"ws{simulator.url[4:]}/ws") as socket:
        socket.send(json.dumps({"method": "subscribe", "subscription": {"type": "allMids"}}))
        socket.recv(60)
        socket.recv(60)
        simulator.panel("faults", where="ws", kind=kind, target="allMids", count=4)
        deadline = time.monotonic() + 60
        while simulator.panel("faults")["waiting"]:
            assert time.monotonic() < deadline
        simulator.panel("freeze", seconds=600)
        socket.send(json.dumps({"method": "ping"}))  # One socket is served in order: what was sent before comes first.
        texts = []
        while (text := socket.recv(60)) != '{"channel":"pong"}':
            texts.append(text)
        doubles = sum(1 for one, two in pairwise(texts) if one == two)
        assert doubles >= 4 if share else doubles == 0


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"where": "http", "kind": "rain"}, "kind must be"),
        ({"where": "sea", "kind": "429"}, "where must be"),
        ({"where": "http", "kind": "429", "count": 0}, "count 1 to"),
        ({"where": "http", "kind": "429", "count": "x"}, "numbers"),
    ],
)
def test_an_invalid_fault_is_refused_by_name(simulator: SimulatorProcess, body: dict[str, Any], named: str) -> None:
    answer = httpx.post(f"http://127.0.0.1:{simulator.control_port}/faults", json=body, timeout=60)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("jump", {"percent": -100}, "percent must be"),
        ("jump", {"percent": 1e9}, "percent must be"),
        ("jump", {"percent": "NaN"}, "percent must be"),
        ("cap", {"coin": "ETH", "usd": "NaN"}, "usd must be"),
        ("cap", {"coin": "ETH", "usd": -1}, "usd must be"),
        ("cap", {"coin": "GOLD", "usd": 1}, "coin must be"),
    ],
)
def test_an_invalid_figure_changes_nothing_and_is_refused_by_name(
    simulator: SimulatorProcess, path: str, body: dict[str, Any], named: str
) -> None:
    answer = httpx.post(f"http://127.0.0.1:{simulator.control_port}/{path}", json=body, timeout=60)
    assert (answer.status_code, named in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("usd", ["1e3", "0." + "1" * 4_000, "NaN", "-5", "0", True, None, [1]])
def test_the_faucet_refuses_an_invalid_amount(simulator: SimulatorProcess, usd: Any) -> None:
    answer = httpx.post(f"{simulator.url}/faucet", json={"user": "0x" + "ab" * 20, "usd": usd}, timeout=60)
    assert answer.status_code == 400


def test_stepping_by_hand_is_refused_while_time_runs(simulator: SimulatorProcess) -> None:
    answer = httpx.post(f"http://127.0.0.1:{simulator.control_port}/step", json={}, timeout=60)
    assert "SIMULATOR_STEPWISE" in answer.json()["error"]
