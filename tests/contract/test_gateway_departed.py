"""A contender that left the roster: its history stays, and it has no part in what is now."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from recorder_examples import decided, filled, state

from common.events import Channel
from common.trading.instruments import Symbol
from support.gateway_server import GatewayServer, gateway_server

D = Decimal


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url) as server:
        yield server


async def test_one_that_left_has_a_history_alone(server: GatewayServer) -> None:
    states = [state(model, 1_000, D(start)) for model, start in (("deepseek", 10_000), ("qwen", 12_000))]
    left = state("left", 1_000, D(40_000))
    ended = [
        filled("left", Symbol.BTC, 1, 2_000, D(2), D(100), D(0)),
        filled("left", Symbol.BTC, 2, 62_000, D(-2), D(110), D(2), closed_pnl=D(20)),
    ]
    later = [state("deepseek", 601_000, D(9_000)), state("qwen", 601_000, D(12_600)), state("left", 601_000, D(80_000))]
    asked = decided("qwen", "c1", 700_000, tokens=1, latency_ms=1, cost_usd=D(0))
    await server.recorder.store([*states, left, *ended, *later, asked], 1)

    assert [row["model"] for row in (await server.get("accounts"))["accounts"]] == ["deepseek", "qwen"]
    for channel, name in ((Channel.ACCOUNT_UPDATE, "accounts"), (Channel.POSITION_UPDATE, "positions")):
        snapshot = json.loads((await server.snapshots.read(channel, 1)).text)["data"]
        assert {row["model"] for row in snapshot[name]} <= {"deepseek", "qwen"}
    memory = json.loads(await server.redis.get("memory:qwen"))
    assert [(row["rank"], row["model"]) for row in memory["standings"]] == [(1, "qwen"), (2, "deepseek")]
    equity = await server.get("equity", range="all")
    assert {row["model"]: row["has_left"] for row in equity["series"]} == {
        "deepseek": False,
        "left": True,
        "qwen": False,
    }
    assert equity["start_balance"] == "11000"
    assert [row["model"] for row in (await server.get("trades"))["trades"]] == ["left"]
