"""A flatten takes an account out of external coins, too: to the executor, the exchange's XRP is called WIF."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ExecutorHarness

from common.events import Command
from simulator.testing.process import SimulatorProcess
from support.executor_process import address_of

CENT = Decimal("0.01")


@pytest.fixture(params=["known", "listed later"])
async def renamed(
    request: pytest.FixtureRequest, tmp_path: Path, simulator: SimulatorProcess, redis_url: str, database_url: str
) -> AsyncIterator[ExecutorHarness]:
    harness = ExecutorHarness(tmp_path, simulator, redis_url, database_url)
    try:
        if request.param == "listed later":
            await harness.open()
        harness.proxy.renamed = (b'"XRP"', b'"WIF"')
        if request.param == "known":
            await harness.open()
        yield harness
    finally:
        await harness.close()


async def test_a_flatten_closes_positions_on_external_coins(renamed: ExecutorHarness) -> None:
    harness = renamed
    with harness.by_hand() as exchange:
        exchange.market_open("XRP", is_buy=False, sz=50.0)
        exchange.order("XRP", True, 30.0, 1.0, {"limit": {"tif": "Gtc"}})
        stop: Any = {"trigger": {"isMarket": True, "triggerPx": 4.0, "tpsl": "sl"}}
        exchange.order("XRP", True, 50.0, 4.4, stop, reduce_only=True)
    assert len(harness.open_orders()) == 2

    async def is_seen() -> bool:
        return [each.coin for each in (await harness.account()).external_positions] == ["WIF"]

    await harness.until("the position on another coin", is_seen)
    await harness.command(Command.FLATTEN, "deepseek")

    async def proof() -> Any:
        return next((e.data for e in await harness.events("system.alert") if e.data.code == "FLATTENED"), None)

    proven = await harness.until("the proof", proof)
    state: Any = harness.simulator.info(type="clearinghouseState", user=address_of("deepseek"))
    assert (proven.model, proven.figures["positions"]) == ("deepseek", "0")
    assert state["assetPositions"] == []
    assert harness.open_orders() == []
    assert [fill["side"] for fill in harness.fills()].count("B") >= 1

    async def explained() -> bool:
        account = await harness.account()
        sums = account.sums
        if sums is None:
            return False
        moved = sums.closed_pnl_usd - sums.fees_usd + sums.funding_usd + sums.transfers_usd
        return not account.external_positions and abs(account.balance_usd - sums.start_cash_usd - moved) < CENT

    await harness.until("sums that explain the cash", explained)


async def test_a_flatten_leaves_orders_of_the_spot_market_alone(harness: ExecutorHarness) -> None:
    harness.proxy.renamed = (b'"coin":"BTC"', b'"coin":"@10"')
    with harness.by_hand() as exchange:
        exchange.order("BTC", True, 0.001, 50_000.0, {"limit": {"tif": "Gtc"}})
        exchange.market_open("SOL", is_buy=True, sz=5.0)
    await harness.command(Command.FLATTEN, "deepseek")

    async def is_proven() -> bool:
        return "FLATTENED" in await harness.alerts()

    await harness.until("the proof", is_proven)
    state: Any = harness.simulator.info(type="clearinghouseState", user=address_of("deepseek"))
    assert state["assetPositions"] == []
    assert [order["coin"] for order in harness.open_orders()] == ["BTC"]
