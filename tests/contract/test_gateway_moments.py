"""REST with `at`: equity, trades, candles and the whole arena as they stood, never what came later."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from gateway_server import DEFAULT, GatewayServer, gateway_server
from recorder_examples import approved, decided, filled, snapshot, state

from common.events import OrderRole
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol

D = Decimal


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url) as running:
        yield running


async def test_nothing_that_came_later_is_shown(server: GatewayServer) -> None:
    entry = approved(decided("qwen", "r-1", MINUTE_MS))
    prices = {minute: dict.fromkeys(DEFAULT.coins, D(100 + minute)) for minute in range(1, 6)}
    await server.recorder.store(
        [
            state("qwen", 59_000, D(10_000)),
            *(snapshot(f"r-{minute}", minute * MINUTE_MS, mids) for minute, mids in prices.items()),
            entry,
            filled("qwen", Symbol.BTC, 1, 60_800, D(2), D(100), D(0), fee=D("0.5"), intent=entry),
            filled("qwen", Symbol.BTC, 2, 200_000, D(-2), D(90), D(2), closed_pnl=D(-20), role=OrderRole.STOP),
            state("qwen", 210_000, D("9979.5")),
        ],
        1,
    )
    assert await server.get("replay") == {"first_ms": 59_000, "last_ms": 300_000}
    before, during, after = (await server.get("replay/moments", at=60_000, step_ms=100_000, count=3))["moments"]
    assert [row["equity"] for row in before["accounts"]] == ["10000"]
    assert before["positions"] == []
    [position] = during["positions"]
    [account] = during["accounts"]
    # Bought 2 at 100 for 0.5 of fees; the snapshot of the second minute has 102.
    assert (position["mark_price"], position["unrealized_pnl"], account["equity"]) == ("102", "4", "10003.5")
    assert (account["return_percent"], account["total_pnl"]) == ("0.035", "3.5")
    # The benchmarks begin with the last price of the first five minutes, that of the fourth one.
    assert during["benchmarks"] == []
    assert [row["return_percent"] for row in after["benchmarks"]] == ["0", "0"]
    assert after["positions"] == []
    [trade] = (await server.get("trades", at=160_000))["trades"]
    assert (trade["status"], trade["exit_time"], trade["pnl"], trade["fees"]) == ("OPEN", None, None, "0.5")
    [trade] = (await server.get("trades", at=200_000))["trades"]
    assert (trade["status"], trade["pnl"]) == ("CLOSED", "-20.5")
    [series] = (await server.get("equity", range="all", at=209_999))["series"]
    assert series["points"] == [[59_000, "10000"]]
    candles = (await server.get("candles", symbol="BTC", interval="1m", at=190_000))["candles"]
    assert [(row["open_time_ms"], row["open"], row["close"]) for row in candles] == [
        (0, "101", "101"),
        (60_000, "101", "102"),
        (120_000, "102", "103"),
    ]
