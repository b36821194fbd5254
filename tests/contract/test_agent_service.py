"""Agents as processes: contenders decide through the stand-in; a wrong setting ends the start in one line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from harness import eventually
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from common.bus import Commit
from common.bus.redis_streams import RedisBus, read_entry
from common.events import AgentDecision, Event, MarketSnapshot, Outcome, SystemAlert, originate
from common.events.codec import encode
from simulator.server.models.app import create_models_app
from support.account_examples import account_event, account_state
from support.model_servers import serving
from support.service_rights import own_redis_url

D = Decimal
HOLD = json.dumps(
    {
        "action": "HOLD",
        "symbol": None,
        "leverage": 0,
        "position_size_percent": 0,
        "confidence": 50,
        "reasoning": "waits",
    }
)
ARENA = """
coins = ["BTC", "HYPE"]

[[contenders]]
id = "llama"
name = "Llama"
provider = "deepseek"
strategy = "{strategy}"
language = "en"
mode = "situational"
color = "#7A3FB0"
color_dark = "#C49BFF"
mark = "square"
"""


@pytest.fixture
async def stand_ins() -> AsyncIterator[str]:
    """The simulator's model endpoints."""
    async with serving(create_models_app()) as url:
        yield url


def start(package: str, **environment: str) -> subprocess.Popen[str]:
    """An agent as the launcher starts it."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", f"{package}.main"],
        env=inherited | {"METRICS_PORT": "0"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def llama(folder: Path, *, strategy: str = "trend-v2", row: str = "") -> dict[str, str]:
    """The environment of an agent that asks the contender llama, with further lines in its row, about two coins."""
    arena = folder / "arena.toml"
    arena.write_text(ARENA.format(strategy=strategy) + row, encoding="utf-8")
    return {"ARENA_FILE": str(arena), "CONTENDER": "llama"}


def snapshot(now_ms: int) -> Event[MarketSnapshot]:
    payload = MarketSnapshot(
        run_id="r",
        cycle_number=1,
        boundary_ms=now_ms,
        interval_s=60,
        missed_cycles=0,
        partial=False,
        coins={},
        sentiment=None,
    )
    return originate(payload, keys=(now_ms,), time_ms=now_ms, now_ms=now_ms, cycle_id="c1")


async def decisions(bus: RedisBus) -> list[AgentDecision]:
    entries: Any = await bus.client.xrange(AgentDecision.TYPE)
    return [read_entry(AgentDecision.TYPE, fields).data for _, fields in entries]


async def decision_of(
    contender: str, package: str, redis_url: str, stand_ins: str, **environment: str
) -> tuple[AgentDecision, str]:
    """What an agent decides on one snapshot, and its log; the agent then ends cleanly on SIGTERM."""
    bus, now_ms = RedisBus(redis_url), time.time_ns() // 1_000_000
    await bus.client.flushdb()
    await bus.prepare("test", [])
    cache = {f"account:{contender}": encode(account_event(account_state(model=contender, at_ms=now_ms)))}
    await bus.commit(Commit("ingester", events=[snapshot(now_ms)], cache=cache))
    own_url = own_redis_url(f"agent-{contender}", redis_url)
    process = start(package, REDIS_URL=own_url, SIMULATOR_URL=stand_ins, **environment)
    try:

        async def look() -> list[AgentDecision]:
            assert process.poll() is None
            return await decisions(bus)

        found = await eventually("a decision", look, every_s=0.05)
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.to_thread(process.communicate, timeout=60)
    finally:
        process.kill()
        await bus.close()
    assert process.returncode == 0, output
    [decision] = found
    return decision, output


@pytest.mark.parametrize(
    ("contender", "package", "strategy"),
    [("deepseek", "agent_deepseek", "trend-v2"), ("qwen", "agent_qwen", "reversion-v2")],
)
async def test_the_default_contenders_decide_through_the_stand_in(
    contender: str, package: str, strategy: str, redis_url: str, stand_ins: str
) -> None:
    decision, log = await decision_of(contender, package, redis_url, stand_ins)
    assert "the strategy is incomplete" not in log
    assert (decision.model, decision.outcome, decision.stand_in) == (contender, Outcome.ANSWERED, True)
    assert decision.prompt is not None
    assert decision.prompt.strategy == strategy
    assert "可开仓币种：BTC ETH SOL BNB DOGE XRP（" in decision.prompt.system


async def test_a_third_contender_decides_through_the_stand_in(tmp_path: Path, redis_url: str, stand_ins: str) -> None:
    decision, _ = await decision_of("llama", "agent_openai", redis_url, stand_ins, **llama(tmp_path))
    assert (decision.model, decision.outcome, decision.stand_in) == ("llama", Outcome.ANSWERED, True)
    assert decision.prompt is not None
    assert decision.prompt.strategy == "trend-v2"
    assert "- Coins: BTC HYPE (SYMBOL_UNKNOWN)" in decision.prompt.system
    assert "MODE: situational awareness" in decision.prompt.system
    assert "# STANDINGS" in decision.prompt.user
    assert decision.inputs is not None
    assert (decision.inputs.language, decision.inputs.mode) == ("en", "situational")
    assert decision.cost_usd == 0


async def test_what_an_own_strategy_lacks_is_logged_at_the_start(
    tmp_path: Path, redis_url: str, stand_ins: str
) -> None:
    own = tmp_path / "momentum.txt"
    own.write_text(
        "Enter with the 15m trend at up to {max_leverage}x of {moon}; leave when it turns.", encoding="utf-8"
    )
    environment = llama(tmp_path, strategy=str(own))
    decision, log = await decision_of("llama", "agent_openai", redis_url, stand_ins, **environment)
    [line] = [line for line in log.splitlines() if "the strategy is incomplete" in line]
    assert "says nothing about when to stay out; names the unknown placeholder {moon}" in line
    assert decision.prompt is not None
    assert "at up to 20x of {moon}" in decision.prompt.system


async def test_a_paid_call_that_runs_at_sigterm_becomes_a_decision(tmp_path: Path, redis_url: str) -> None:
    bus, now_ms, calls = RedisBus(redis_url), time.time_ns() // 1_000_000, 0
    await bus.client.flushdb()
    await bus.prepare("test", [])
    cache = {"account:llama": encode(account_event(account_state(model="llama", at_ms=now_ms)))}
    await bus.commit(Commit("ingester", events=[snapshot(now_ms)], cache=cache))

    async def complete(request: Request) -> JSONResponse:
        nonlocal calls
        calls += 1
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(2)
        return JSONResponse(
            {
                "model": "llama-4-70b",
                "choices": [{"message": {"content": HOLD}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3},
            }
        )

    async def list_models(request: Request) -> JSONResponse:
        return JSONResponse({"data": [{"id": "llama-5"}, {"id": "llama-6"}]})

    routes = [Route("/v1/chat/completions", complete, methods=["POST"]), Route("/v1/models", list_models)]
    async with serving(Starlette(routes=routes)) as url:
        environment = {"LLAMA_API_KEY": "k", "LLAMA_BASE_URL": f"{url}/v1", "LLAMA_MODEL": "llama-4-70b"}
        own_url = own_redis_url("agent-llama", redis_url)
        process = start("agent_openai", REDIS_URL=own_url, **llama(tmp_path), **environment)
        try:
            output, _ = await asyncio.to_thread(process.communicate, timeout=60)
        finally:
            process.kill()
    [decision] = await decisions(bus)
    [(_, fields)] = await bus.client.xrange(SystemAlert.TYPE)
    await bus.close()
    alert = read_entry(SystemAlert.TYPE, fields).data
    assert (alert.code, alert.model) == ("MODEL_CHECK", "llama")
    assert "'llama-4-70b', but llama-5, llama-6; check LLAMA_MODEL" in alert.message
    assert (process.returncode, calls) == (0, 1), output
    assert (decision.outcome, decision.provider_model, decision.stand_in) == (Outcome.ANSWERED, "llama-4-70b", False)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"CONTENDER": "qwen"}, "agent-openai: CONTENDER: 'qwen' is not in the roster; "),
        ({"strategy": "momentum"}, "agent-llama: the roster's strategy of llama: momentum can't be read: No such file"),
        (
            {"ALLOWED_SYMBOLS": "ETH"},
            "agent-llama: ALLOWED_SYMBOLS: this arena doesn't trade ETH; choose from BTC,HY",
        ),
        ({"LLAMA_API_KEY": "k"}, "agent-llama: LLAMA_BASE_URL: not set; LLAMA_API_KEY is"),
        (
            {"LLAMA_API_KEY": "k", "LLAMA_BASE_URL": "https://models.example/v1", "LLAMA_MODEL": "llama-4-70b"},
            "agent-llama: no price is known for 'llama-4-70b', only for: none of this provider; add price_usd = ",
        ),
        (
            {"row": 'thinking = "max"'},
            "agent-llama: the roster's row of llama: thinking: 'max' is not offered; choose ",
        ),
    ],
)
def test_what_is_wrong_ends_the_start_in_one_line(tmp_path: Path, changes: dict[str, str], line: str) -> None:
    settings = dict(changes)
    arena = llama(tmp_path, strategy=settings.pop("strategy", "trend-v2"), row=settings.pop("row", ""))
    environment = arena | settings
    output, _ = start("agent_openai", **environment).communicate(timeout=60)
    assert output.startswith(line)
    assert output.count("\n") == 1
