"""The whole arena, from market tick to PostgreSQL and a WebSocket client; restarts and kills while it trades."""

import asyncio
import contextlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from arena_checks import (
    CHAIN_LIMIT_S,
    account_addresses,
    complete_chain,
    complete_chains,
    exchange_info,
    unprotected_positions,
)
from harness import wait_until
from websockets.asyncio.client import connect

from aicoin_local.testing import CONTROL_TOKEN, Arena
from common.bus.redis_streams import read_entry
from common.events.catalog import CATALOG

pytestmark = pytest.mark.system

SERVICES = (
    "ingester",
    "agent-deepseek",
    "agent-qwen",
    "risk",
    "executor",
    "recorder",
    "gateway",
    "notifier",
    "simulator",
)


@pytest.mark.parametrize("model", ["deepseek", "qwen"])
def test_decision_becomes_a_protected_position_and_a_trade(arena: Arena, model: str) -> None:
    complete_chain(arena, model)


@pytest.mark.parametrize("model", ["deepseek", "qwen"])
def test_denial_or_hold_is_recorded(arena: Arena, model: str) -> None:
    query = "SELECT 1 FROM ai_decisions WHERE model = %s AND (action = 'HOLD' OR verdict = 'DENIED') LIMIT 1"
    wait_until(f"{model}'s first denial or hold", lambda: arena.rows(query, model), limit_s=CHAIN_LIMIT_S)


def test_one_cycle_id_goes_through_every_stream(arena: Arena) -> None:
    cycle = complete_chain(arena, "deepseek")["cycle_id"]
    redis = arena.redis()
    with contextlib.closing(redis):
        events = {
            stream: [
                event
                for event in (read_entry(stream, fields) for _, fields in redis.xrange(stream))
                if event.cycle_id == cycle
            ]
            for stream in ("market.snapshot", "agent.decision", "risk.approved", "order.accepted", "order.filled")
        }
        pushes = [read_entry("ws.push", fields) for _, fields in redis.xrange("ws.push")]
    assert all(events.values()), {stream: len(found) for stream, found in events.items()}
    decision = next(event for event in events["agent.decision"] if event.data.model == "deepseek")
    approval = next(event for event in events["risk.approved"] if event.data.model == "deepseek")
    assert decision.cause_id == events["market.snapshot"][0].id
    assert approval.cause_id == decision.id
    assert all(event.cause_id == approval.id for event in events["order.filled"] if event.data.model == "deepseek")
    pushed = {push.data.channel.value for push in pushes if push.cycle_id == cycle}
    assert {"ai_decision", "trade_executed"} <= pushed


def test_decision_is_shown_with_everything_that_followed(arena: Arena) -> None:
    def find() -> dict[str, Any] | None:
        """A decision that was asked for after risk's first figures of the day; one before them shows no budget."""
        for chain in complete_chains(arena, "deepseek"):
            detail: dict[str, Any] = arena.get(f"decisions/{chain['cycle_id']}/deepseek")
            if re.search(r"loss_budget_left_usd=\d", detail["prompt"]["user"]):
                return detail
        return None

    detail = wait_until("a complete chain of a decision with a budget", find, limit_s=CHAIN_LIMIT_S)
    assert detail["raw_response"]
    assert detail["rules"]
    assert all(rule["passed"] for rule in detail["rules"])
    assert {order["role"] for order in detail["orders"]} == {"entry", "stop", "target"}
    assert detail["fills"]


async def test_websocket_client_gets_snapshots_and_then_pushes(arena: Arena) -> None:
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
    wait_until(
        "the pushed decision in PostgreSQL",
        lambda: arena.rows("SELECT 1 FROM ai_decisions WHERE cycle_id = %s", cycle),
        limit_s=120,
    )


def test_every_open_position_has_its_stop_on_the_exchange(arena: Arena) -> None:
    complete_chain(arena, "qwen")
    assert len(account_addresses(arena)) == 2
    wait_until("every position to be protected", lambda: not unprotected_positions(arena), limit_s=60)


def sequences_have_no_gaps(arena: Arena) -> None:
    """Every producer's sequence in every stream is 1, 2, 3 …, as far as the stream reaches back."""
    redis = arena.redis()
    with contextlib.closing(redis):
        for stream in CATALOG:
            seen: dict[tuple[bytes, bytes], int] = {}
            for _, fields in redis.xrange(stream):
                key, number = (fields[b"source"], fields[b"epoch"]), int(fields[b"sequence"])
                assert key not in seen or number == seen[key] + 1, (stream, key, seen[key], number)
                seen[key] = number


def each_intent_has_one_order(arena: Arena) -> None:
    """No intent has more than one entry or exit order on the exchange, and the exchange filled no more than stored."""
    duplicated = arena.rows(
        """SELECT intent_id, role, count(DISTINCT order_id) FROM fills WHERE role IN ('entry', 'exit')
        GROUP BY intent_id, role HAVING count(DISTINCT order_id) > 1"""
    )
    assert duplicated == []
    assert arena.rows("SELECT model, cycle_id FROM ai_decisions GROUP BY 1, 2 HAVING count(*) > 1") == []


def all_fills_are_recorded(arena: Arena) -> None:
    """Every fill of the exchange is in the record, whatever was killed meanwhile."""
    for model, address in account_addresses(arena).items():
        expected = {row["tid"] for row in exchange_info(arena, type="userFills", user=address)}

        def is_recorded(model: str = model, expected: set[int] = expected) -> bool:
            rows = arena.rows("SELECT trade_id FROM fills WHERE model = %s", model)
            return expected <= {row["trade_id"] for row in rows}

        wait_until(f"{model}'s fills to be recorded", is_recorded, limit_s=180)


@pytest.mark.parametrize("service", SERVICES)
def test_killed_service_restarts_and_nothing_is_lost_or_duplicated(arena: Arena, service: str) -> None:
    before = arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"]
    arena.kill(service)
    wait_until(
        "further decisions",
        lambda: arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"] >= before + 2,
        limit_s=180,
    )
    sequences_have_no_gaps(arena)
    each_intent_has_one_order(arena)
    all_fills_are_recorded(arena)
    assert arena.rows("SELECT * FROM alerts WHERE code = 'SEQUENCE_GAP'") == []


def test_wiped_redis_loses_and_duplicates_nothing(arena: Arena) -> None:
    before = arena.rows("SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'")[0]["n"]
    executor = arena.pid("executor")
    redis = arena.redis()
    with contextlib.closing(redis):
        redis.flushall()
    wait_until(
        "further answered decisions",
        lambda: arena.rows("SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'")[0]["n"] >= before + 2,
        limit_s=180,
    )
    assert arena.pid("executor") == executor
    each_intent_has_one_order(arena)
    all_fills_are_recorded(arena)


@pytest.mark.parametrize("service", SERVICES)
def test_restart_command_brings_up_a_ready_service(arena: Arena, service: str) -> None:
    before = arena.pid(service)
    done = arena.command("restart", service)
    assert done.returncode == 0, done.stderr
    assert wait_until("run.json to name the new process", lambda: arena.pid(service) != before, limit_s=120)
    assert wait_until("it to be ready", lambda: arena.is_ready_or_down(service), limit_s=60)


def test_wrong_setting_of_a_service_ends_the_start_by_name(tmp_path: Path) -> None:
    wrong = Arena(tmp_path / "data")
    wrong.environment["MAX_LEVERAGE"] = "1000"
    done = wrong.command("run")
    assert done.returncode == 2
    assert "MAX_LEVERAGE: " in done.stderr
    assert not (tmp_path / "data" / "run.json").exists()


def test_unknown_service_and_second_run_are_refused_by_name(arena: Arena) -> None:
    wrong = arena.command("restart", "no-such-service")
    assert wrong.returncode == 2
    assert "no-such-service" in wrong.stderr
    second = arena.command("run")
    assert second.returncode == 2
    assert arena.run["gateway_url"] in second.stdout + second.stderr


def test_halt_and_resume_change_the_trading_state(arena: Arena) -> None:
    control = f"{arena.run['gateway_url']}/api/v1/control"
    assert httpx.post(f"{control}/halt", json={}, timeout=60).status_code == 401
    token = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    assert httpx.post(f"{control}/halt", json={"model": "qwen"}, headers=token, timeout=60).status_code == 202

    def state() -> str:
        rows = {row["model"]: row["trading_state"] for row in arena.get("status")["models"]}
        return str(rows["qwen"])

    wait_until("qwen to be halted", lambda: state() == "HALTED", limit_s=120)
    assert httpx.post(f"{control}/resume", json={"model": "qwen"}, headers=token, timeout=60).status_code == 202
    wait_until("qwen to be active again", lambda: state() == "ACTIVE", limit_s=120)


def test_run_file_is_private_and_names_where_everything_listens(arena: Arena) -> None:
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
