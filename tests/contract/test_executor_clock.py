"""The exchange's clock and this machine's differ: an executor in a process of its own trades on, and says so."""

from decimal import Decimal

import pytest
from executor_harness import ExecutorHarness

from common.trading.orders import IntentKind, Side

DAY_S = 86_400


@pytest.mark.parametrize("skew_s", [12, -20, 60, -60, 3 * DAY_S, -3 * DAY_S])
async def test_entries_stops_and_exits_go_by_the_exchanges_clock(harness: ExecutorHarness, skew_s: int) -> None:
    harness.executor.kill()
    harness.simulator.panel("clock", skew_s=skew_s)
    try:
        harness.executor.start()
        entry = harness.approve(Side.LONG, "0.5")
        await harness.send(entry)
        status = await harness.ended(entry)
        assert status == "FILLED", await harness.rows("SELECT status, reason FROM intents")
        assert (await harness.protected()).size_coin == Decimal("0.5")

        async def known() -> int | None:
            ahead_ms: int | None = (await harness.account()).clock_ahead_ms
            return ahead_ms

        ahead_ms = await harness.until("the difference of the clocks", known)
        assert ahead_ms == pytest.approx(skew_s * 1000, abs=5_000)
        exit_ = harness.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT)
        await harness.send(exit_)
        assert await harness.ended(exit_) == "FILLED"

        async def alerted() -> bool | None:
            return ("CLOCK_SKEW" in await harness.alerts()) or None

        await harness.until("the alert about the clock", alerted)
    finally:
        harness.simulator.panel("clock", skew_s=0)


async def test_a_clock_that_is_set_while_it_runs_blocks_nothing(harness: ExecutorHarness) -> None:
    try:
        for skew_s in (3 * DAY_S, 0, -3 * DAY_S):
            harness.simulator.panel("clock", skew_s=skew_s)
            entry = harness.approve(Side.LONG, "0.5")
            await harness.send(entry)
            assert await harness.ended(entry) in ("FILLED", "REJECTED")
            again = harness.approve(Side.LONG, "0.5")
            await harness.send(again)
            assert await harness.ended(again) == "FILLED"
    finally:
        harness.simulator.panel("clock", skew_s=0)
