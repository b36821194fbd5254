"""The alert that says how far this machine's clock is off the exchange's."""

import asyncio
from pathlib import Path

import pytest
from account_harness import AccountHarness

from common.events.alerts import AlertCode
from executor.account.watch.clock import watch_clock


async def watched(harness: AccountHarness, looks: int) -> list[str]:
    """The alerts' messages after so many looks."""
    watch = asyncio.ensure_future(watch_clock([harness.context]))
    for _ in range(looks):
        await asyncio.sleep(0)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    return [alert.message for alert in harness.events("system.alert") if alert.code == AlertCode.CLOCK_SKEW]


@pytest.mark.parametrize(("ahead_ms", "where"), [(12_000, "12.0 s behind"), (-60_000, "60.0 s ahead of")])
async def test_one_alert_an_hour_says_how_far_it_is_off(tmp_path: Path, ahead_ms: int, where: str) -> None:
    harness = AccountHarness(tmp_path, exchange_ahead_ms=ahead_ms)
    await harness.open()
    messages = await watched(harness, 200)
    assert 1 <= len(messages) <= 2
    assert f"this machine's clock is {where} the exchange's" in messages[0]


async def test_a_clock_that_agrees_raises_none(tmp_path: Path) -> None:
    harness = AccountHarness(tmp_path, exchange_ahead_ms=1_900)
    await harness.open()
    assert await watched(harness, 50) == []
