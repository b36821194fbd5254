"""An arena.toml with a third contender and a seventh coin: both appear everywhere without a change to code."""

import contextlib
import csv
import io
import time
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest
from arena_checks import account_addresses, complete_chain, unprotected_positions
from harness import wait_until

from aicoin_local.testing import CONTROL_TOKEN, Arena
from common.bus.redis_streams import read_entry

pytestmark = pytest.mark.system

CONTENDERS = ("deepseek", "qwen", "llama")
COINS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP", "HYPE")
THIRD = """
[[contenders]]
id = "llama"
name = "Llama"
provider = "deepseek"
strategy = "trend-v2"
color = "#7A3FB0"
color_dark = "#C49BFF"
mark = "square"
"""
FREQUENT_TRADES = {
    "DECISION_INTERVAL_S": "5",
    "ENTRY_COOLDOWN_S": "0",
    "MAX_ORDERS_PER_MINUTE": "60",
    "MAX_DAILY_TRADES": "10000",
    "MAX_STOPS_PER_DAY": "1000",
}
TRADED_LIMIT_S = 600
FLATTEN_EVERY_S = 15
METRIC_OF_SERVICE = {
    "agent-llama": "aicoin_agent_decisions_total",
    "risk": "aicoin_risk_trading_state",
    "executor": "aicoin_executor_unprotected_positions",
}


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The built-in roster with both additions, named in ARENA_FILE."""
    folder = tmp_path_factory.mktemp("roster")
    roster = files("common.runtime").joinpath("arena.toml").read_text(encoding="utf-8")
    assert '"XRP"]' in roster
    (folder / "arena.toml").write_text(roster.replace('"XRP"]', '"XRP", "HYPE"]') + THIRD, encoding="utf-8")
    arena = Arena(folder / "data")
    arena.environment |= FREQUENT_TRADES | {"ARENA_FILE": str(folder / "arena.toml"), "ALLOWED_SYMBOLS": "HYPE"}
    try:
        arena.start()
        yield arena
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]


@pytest.fixture(scope="module")
def traded_coin(arena: Arena) -> str:
    """HYPE, once it was traded: the stand-ins may enter nothing else, and enter again soon after a flatten."""
    flattened_at = 0.0

    def is_traded() -> bool:
        nonlocal flattened_at
        if arena.rows("SELECT 1 FROM trades WHERE symbol = 'HYPE' LIMIT 1"):
            return True
        if time.monotonic() - flattened_at > FLATTEN_EVERY_S:
            flattened_at = time.monotonic()
            for contender in CONTENDERS:
                control(arena, "flatten", contender)
        return False

    wait_until("a trade in HYPE", is_traded, limit_s=TRADED_LIMIT_S, every_s=0.5)
    return "HYPE"


def control(arena: Arena, command: str, contender: str) -> int:
    """The status of the answer to a control command."""
    return httpx.post(
        f"{arena.run['gateway_url']}/api/v1/control/{command}",
        json={"model": contender},
        headers={"Authorization": f"Bearer {CONTROL_TOKEN}"},
        timeout=60,
    ).status_code


def test_every_contender_runs_in_a_process_of_its_own(arena: Arena) -> None:
    agents = {name for name in arena.run["services"] if name.startswith("agent-")}
    assert agents == {f"agent-{contender}" for contender in CONTENDERS}
    assert set(account_addresses(arena)) == set(CONTENDERS)
    assert len(set(account_addresses(arena).values())) == len(CONTENDERS)


def test_third_contender_decides_trades_and_is_protected(arena: Arena) -> None:
    chain = complete_chain(arena, "llama")
    detail = arena.get(f"decisions/{chain['cycle_id']}/llama")
    assert {order["role"] for order in detail["orders"]} >= {"entry", "stop", "target"}
    market = detail["prompt"]["user"].partition("# MARKET\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in market.splitlines()[1:]] == ["HYPE"]
    wait_until("every position to be protected", lambda: not unprotected_positions(arena), limit_s=60)


def test_seventh_coin_is_traded_and_protected(arena: Arena, traded_coin: str) -> None:
    assert arena.rows("SELECT 1 FROM fills WHERE symbol = %s", traded_coin)
    wait_until("every position to be protected", lambda: not unprotected_positions(arena), limit_s=60)


def test_every_contender_stands_in_each_list_of_the_api(arena: Arena) -> None:
    for contender in CONTENDERS:
        complete_chain(arena, contender)
    lists = {
        "status": arena.get("status")["models"],
        "accounts": arena.get("accounts")["accounts"],
        "leaderboard": arena.get("leaderboard")["leaderboard"],
    }
    for path, rows in lists.items():
        assert {row["model"] for row in rows} == set(CONTENDERS), path
    for contender in CONTENDERS:
        assert arena.get("decisions", model=contender)["decisions"], contender
        assert arena.get("trades", model=contender)["trades"], contender
        assert arena.get("equity", model=contender)
        assert arena.get(f"models/{contender}")
        for kind in ("svg", "png"):
            url = f"{arena.run['gateway_url']}/api/v1/models/{contender}/card.{kind}"
            assert httpx.get(url, timeout=60).status_code == 200, url
    names = [service["name"] for service in arena.get("operations")["services"]]
    assert "agent-llama" in names


def test_every_coin_stands_in_each_market_of_the_api(arena: Arena) -> None:
    assert set(arena.get("prices")["prices"]) == set(COINS)
    for coin in COINS:
        assert arena.get("candles", symbol=coin, interval="1m"), coin
        assert arena.get(f"orderbook/{coin}"), coin
        wait_until(f"a trade of the market in {coin}", lambda coin=coin: arena.get(f"tape/{coin}")["trades"])


def test_contender_and_coin_stand_in_every_export(arena: Arena, traded_coin: str) -> None:
    complete_chain(arena, "llama")

    def exported(name: str) -> list[dict[str, str]]:
        url = f"{arena.run['gateway_url']}/api/v1/export/{name}.csv"
        return list(csv.DictReader(io.StringIO(httpx.get(url, timeout=60).text)))

    for name in ("equity", "trades", "decisions"):
        assert {row["model"] for row in exported(name)} == set(CONTENDERS), name
    assert traded_coin in {row["symbol"] for row in exported("trades")}
    assert traded_coin in {row["symbol"] for row in exported("decisions")}


def test_third_contender_is_a_label_of_every_services_metrics(arena: Arena) -> None:
    complete_chain(arena, "llama")
    for service, metric in METRIC_OF_SERVICE.items():
        text = httpx.get(arena.run["services"][service]["metrics_url"], timeout=60).text
        assert f'{metric}{{model="llama"' in text, service


def test_pushes_name_the_contender_and_the_coin(arena: Arena) -> None:
    complete_chain(arena, "llama")
    with contextlib.closing(arena.redis()) as redis:
        pushes = [read_entry("ws.push", fields).data for _, fields in redis.xrange("ws.push")]
    assert any(push.data.get("model") == "llama" for push in pushes if push.channel.value == "ai_decision")
    assert any("HYPE" in str(push.data) for push in pushes if push.channel.value == "price_update")


def test_third_contender_is_halted_and_resumed_alone(arena: Arena) -> None:
    def states() -> dict[str, str]:
        return {row["model"]: row["trading_state"] for row in arena.get("status")["models"]}

    assert control(arena, "halt", "llama") == 202
    wait_until("llama to be halted", lambda: states()["llama"] == "HALTED", limit_s=120)
    assert states()["deepseek"] != "HALTED"
    assert control(arena, "resume", "llama") == 202
    wait_until("llama to be active", lambda: states()["llama"] == "ACTIVE", limit_s=120)
