"""The whole arena, from market tick to PostgreSQL and a WebSocket client; restarts and kills while it trades."""

import asyncio
import contextlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from aicoin_local.testing import CONTROL_TOKEN, Arena, wait_for
from common.bus.redis_streams import read_entry
from common.events.catalog import CATALOG

pytestmark = pytest.mark.system

CHAIN_LIMIT_S = 300
SERVICES = (
    *("ingester", "agent-deepseek", "agent-qwen", "risk", "executor"),
    *("recorder", "gateway", "simulator"),
)
COMPLETE_CHAIN = """
    SELECT d.model, d.cycle_id, d.id AS decision_id, v.id AS intent_id
    FROM ai_decisions d
    JOIN verdicts v ON v.decision_id = d.id AND v.verdict = 'APPROVED' AND v.intent_kind = 'entry'
    JOIN intents i ON i.intent_id = v.id AND i.status = 'FILLED' AND i.first_sent_ms IS NOT NULL
    JOIN trades t ON t.intent_id = v.id
    WHERE d.model = %s AND d.executed
      AND EXISTS (SELECT 1 FROM fills f WHERE f.intent_id = v.id AND f.role = 'entry')
      AND EXISTS (SELECT 1 FROM orders o WHERE o.intent_id = v.id AND o.role = 'stop')
      AND EXISTS (SELECT 1 FROM orders o WHERE o.intent_id = v.id AND o.role = 'target')
    ORDER BY d.time_ms LIMIT 1"""


def chain_of(arena: Arena, model: str) -> dict[str, Any]:
    """A complete chain of that model, waited for."""
    rows = wait_for(f"{model}'s first complete chain", lambda: arena.rows(COMPLETE_CHAIN, model), limit_s=CHAIN_LIMIT_S)
    return rows[0]


@pytest.mark.parametrize("model", ["deepseek", "qwen"])
def test_a_decision_becomes_a_protected_position_and_a_trade_row(arena: Arena, model: str) -> None:
    chain_of(arena, model)


@pytest.mark.parametrize("model", ["deepseek", "qwen"])
def test_a_denial_or_hold_is_recorded(arena: Arena, model: str) -> None:
    query = "SELECT 1 FROM ai_decisions WHERE model = %s AND (action = 'HOLD' OR verdict = 'DENIED') LIMIT 1"
    wait_for(f"{model}'s first denial or hold", lambda: arena.rows(query, model), limit_s=CHAIN_LIMIT_S)


def test_one_cycle_id_goes_through_every_stage(arena: Arena) -> None:
    chain = chain_of(arena, "deepseek")
    cycle = chain["cycle_id"]
    redis = arena.redis()
    with contextlib.closing(redis):
        stages = {
            stream: [
                event
                for event in (read_entry(stream, fields) for _, fields in redis.xrange(stream))
                if event.cycle_id == cycle
            ]
            for stream in ("market.snapshot", "agent.decision", "risk.approved", "order.accepted", "order.filled")
        }
        pushes = [read_entry("ws.push", fields) for _, fields in redis.xrange("ws.push")]
    assert all(stages.values()), {stream: len(events) for stream, events in stages.items()}
    decision = next(event for event in stages["agent.decision"] if event.data.model == "deepseek")
    approval = next(event for event in stages["risk.approved"] if event.data.model == "deepseek")
    assert decision.cause_id == stages["market.snapshot"][0].id
    assert approval.cause_id == decision.id
    assert all(event.cause_id == approval.id for event in stages["order.filled"] if event.data.model == "deepseek")
    pushed = {push.data.channel.value for push in pushes if push.cycle_id == cycle}
    assert {"ai_decision", "trade_executed"} <= pushed
    detail = arena.get(f"decisions/{cycle}/deepseek")
    assert re.search(r"loss_budget_left_usd: \d", detail["prompt"]["user"])
    assert detail["raw_response"]
    assert detail["rules"]
    assert all(rule["passed"] for rule in detail["rules"])
    assert {order["role"] for order in detail["orders"]} == {"entry", "stop", "target"}
    assert detail["fills"]


async def test_a_websocket_client_gets_a_snapshot_of_every_channel_and_then_pushes(arena: Arena) -> None:
    url = arena.run["gateway_url"].replace("http", "ws") + "/ws"
    channels = ["price_update", "trade_executed", "position_update", "ai_decision", "account_update"]
    snapshots: set[str] = set()
    pushes: list[dict[str, Any]] = []
    awaited = {"price_update", "ai_decision", "account_update"}
    async with connect(url) as socket, asyncio.timeout(180):
        hello = json.loads(await socket.recv())
        assert hello["channel"] == "hello"
        await socket.send(json.dumps({"op": "subscribe", "channels": channels, "epoch": hello["epoch"]}))
        while len(snapshots) < 5 or not awaited <= {push["channel"] for push in pushes}:
            body = json.loads(await socket.recv())
            for message in body if isinstance(body, list) else [body]:
                if message.get("data", {}).get("snapshot"):
                    snapshots.add(message["channel"])
                else:
                    pushes.append(message)
    assert snapshots == set(channels)
    cycle = next(push["data"]["cycle_id"] for push in pushes if push["channel"] == "ai_decision")
    wait_for(
        "the pushed decision in PostgreSQL",
        lambda: arena.rows("SELECT 1 FROM ai_decisions WHERE cycle_id = %s", cycle),
        limit_s=120,
    )


def test_every_open_position_has_its_stop_on_the_exchange(arena: Arena) -> None:
    chain_of(arena, "qwen")
    accounts = arena.rows("SELECT model, address FROM accounts")
    assert len(accounts) == 2

    def uncovered() -> list[str]:
        found = []
        for account in accounts:
            ask = {"user": account["address"], "dex": ""}
            url = f"{arena.run['simulator_url']}/info"
            state = httpx.post(url, json={"type": "clearinghouseState"} | ask, timeout=60).json()
            orders = httpx.post(url, json={"type": "frontendOpenOrders"} | ask, timeout=60).json()
            for row in state["assetPositions"]:
                position = row["position"]
                closing = "A" if float(position["szi"]) > 0 else "B"
                stops = [
                    float(order["sz"])
                    for order in orders
                    if order["coin"] == position["coin"]
                    and order["orderType"] == "Stop Market"
                    and order["side"] == closing
                    and order["reduceOnly"]
                ]
                if sum(stops) < abs(float(position["szi"])):
                    found.append(f"{account['model']} {position['coin']}")
        return found

    wait_for("every position to be covered", lambda: not uncovered(), limit_s=60)


def sequences_without_gaps(arena: Arena) -> None:
    """Every producer's sequence in every stream is 1, 2, 3 …, as far as the stream reaches back."""
    redis = arena.redis()
    with contextlib.closing(redis):
        for stream in CATALOG:
            seen: dict[tuple[bytes, bytes], int] = {}
            for _, fields in redis.xrange(stream):
                key, number = (fields[b"source"], fields[b"epoch"]), int(fields[b"sequence"])
                assert key not in seen or number == seen[key] + 1, (stream, key, seen[key], number)
                seen[key] = number


def one_order_per_intent(arena: Arena) -> None:
    """No intent has more than one entry or exit order on the exchange, and the exchange filled no more than stored."""
    doubled = arena.rows(
        """SELECT intent_id, role, count(DISTINCT order_id) FROM fills WHERE role IN ('entry', 'exit')
        GROUP BY intent_id, role HAVING count(DISTINCT order_id) > 1"""
    )
    assert doubled == []
    assert arena.rows("SELECT model, cycle_id FROM ai_decisions GROUP BY 1, 2 HAVING count(*) > 1") == []


def books_agree(arena: Arena) -> None:
    """Our fills are exactly the exchange's, whatever was killed meanwhile."""
    for account in arena.rows("SELECT model, address FROM accounts"):
        ask = {"type": "userFills", "user": account["address"]}
        theirs = {row["tid"] for row in httpx.post(f"{arena.run['simulator_url']}/info", json=ask, timeout=60).json()}
        mine = wait_for(
            f"{account['model']}'s fills to agree",
            lambda account=account, theirs=theirs: _same_fills(arena, account["model"], theirs),
            limit_s=180,
        )
        assert mine


def _same_fills(arena: Arena, model: str, theirs: set[int]) -> bool:
    mine = {row["trade_id"] for row in arena.rows("SELECT trade_id FROM fills WHERE model = %s", model)}
    return theirs <= mine


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_comes_back_and_nothing_is_lost_or_doubled(arena: Arena, service: str) -> None:
    before = arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"]
    arena.kill(service)
    wait_for(
        "decisions to go on",
        lambda: arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"] >= before + 2,
        limit_s=180,
    )
    sequences_without_gaps(arena)
    one_order_per_intent(arena)
    books_agree(arena)
    assert arena.rows("SELECT * FROM alerts WHERE code = 'SEQUENCE_GAP'") == []


def test_a_wiped_redis_loses_and_doubles_nothing(arena: Arena) -> None:
    before = arena.rows("SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'")[0]["n"]
    executor = arena.pid("executor")
    redis = arena.redis()
    with contextlib.closing(redis):
        redis.flushall()
    wait_for(
        "answered decisions to go on",
        lambda: arena.rows("SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'")[0]["n"] >= before + 2,
        limit_s=180,
    )
    assert arena.pid("executor") == executor
    one_order_per_intent(arena)
    books_agree(arena)


@pytest.mark.parametrize("service", SERVICES)
def test_restart_command_brings_a_ready_service(arena: Arena, service: str) -> None:
    before = arena.pid(service)
    done = arena.command("restart", service)
    assert done.returncode == 0, done.stderr
    assert wait_for("run.json to name the new process", lambda: arena.pid(service) != before, limit_s=120)
    assert arena.is_ready(service)


def test_a_wrong_setting_of_a_service_ends_the_start_with_its_name(tmp_path: Path) -> None:
    wrong = Arena(tmp_path / "data")
    wrong.environment["MAX_LEVERAGE"] = "1000"
    done = wrong.command("run")
    assert done.returncode == 2
    assert "MAX_LEVERAGE: " in done.stderr
    assert not (tmp_path / "data" / "run.json").exists()


def test_unknown_services_and_a_second_run_are_refused_by_name(arena: Arena) -> None:
    wrong = arena.command("restart", "nobody")
    assert wrong.returncode == 2
    assert "nobody" in wrong.stderr
    second = arena.command("run")
    assert second.returncode == 2
    assert arena.run["gateway_url"] in second.stdout + second.stderr


def test_halt_stops_entries_and_resume_lets_them_on(arena: Arena) -> None:
    control = f"{arena.run['gateway_url']}/api/v1/control"
    assert httpx.post(f"{control}/halt", json={}, timeout=60).status_code == 401
    token = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    assert httpx.post(f"{control}/halt", json={"model": "qwen"}, headers=token, timeout=60).status_code == 202

    def state() -> str:
        rows = {row["model"]: row["trading_state"] for row in arena.get("status")["models"]}
        return str(rows["qwen"])

    wait_for("qwen to be halted", lambda: state() == "HALTED", limit_s=120)
    assert httpx.post(f"{control}/resume", json={"model": "qwen"}, headers=token, timeout=60).status_code == 202
    wait_for("qwen to be active again", lambda: state() == "ACTIVE", limit_s=120)


def test_run_file_is_private_and_says_where_everything_listens(arena: Arena) -> None:
    path = arena.data_dir / "run.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(arena.run["services"]) == set(SERVICES)
    assert httpx.get(arena.run["gateway_url"], timeout=60).status_code == 200


def test_logs_hold_no_secret(arena: Arena) -> None:
    keys = json.loads((arena.data_dir / "paper_keys.json").read_text(encoding="utf-8"))
    secrets = [row["wallet_key"].removeprefix("0x") for row in keys.values()] + [CONTROL_TOKEN]
    for log in (arena.data_dir / "logs").iterdir():
        text = log.read_text(encoding="utf-8", errors="replace")
        assert not any(secret in text for secret in secrets), log.name
