"""The background tasks over the bus in memory: the published limits, readiness and gauges."""

import asyncio
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import structlog
from harness import eventually

from common.agent.prompt.memory import ActiveHalt, RiskDay
from common.bus.memory import MemoryBus
from common.events import Command
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings
from common.trading.instruments import Symbol
from risk import metrics
from risk.gate.halts import Halt, Reason
from risk.tasks.publish_limits import LIMITS_KEY, cache_values, publish_limits
from risk.tasks.report import report
from support.manual_clock import ManualClock
from support.risk_harness import MODEL, RiskHarness


def service_on(clock: ManualClock, bus: MemoryBus) -> Service:
    return Service("risk", ServiceSettings(metrics_port=0), bus, clock, structlog.get_logger(), lease=False)


async def run_until(task: Any, condition: Any) -> None:
    """Runs a background task until the condition holds."""
    running = asyncio.ensure_future(task)
    await eventually("the task's work", condition, every_s=0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_limits_and_the_days_equity_are_published() -> None:
    clock, harness = ManualClock(), RiskHarness(max_leverage=7)
    bus = MemoryBus(clock.now_ms)
    harness.send_account(equity_usd=Decimal("9876.5"))
    await run_until(publish_limits(service_on(clock, bus), harness.handlers), lambda: LIMITS_KEY in bus.cache)
    assert json.loads(bus.cache[LIMITS_KEY])["max_leverage"] == 7
    assert json.loads(bus.cache[f"risk:day:{MODEL}"])["equity_usd"] == "9876.5"
    assert "risk:day:qwen" not in bus.cache


def test_what_the_gate_counts_is_published_with_the_day() -> None:
    harness = RiskHarness(entry_cooldown_s=60)
    harness.send_account(equity_usd=Decimal(10_000))
    approved = harness.judge(symbol=Symbol.ETH)
    harness.fill_stop("stop-1")
    harness.send_command(Command.HALT)
    day = RiskDay.model_validate_json(cache_values(harness.handlers)[f"risk:day:{MODEL}"])
    gate, intent = day.gate, approved.data.intent
    assert (day.equity_usd, gate.high_water_usd, gate.entries_today) == (10_000, 10_000, 1)
    assert [(entry.symbol, entry.notional_usd) for entry in gate.reserved] == [(Symbol.ETH, intent.notional_usd)]
    assert gate.reserved[0].loss_usd > 0
    assert gate.cooldowns == {Symbol.ETH: harness.handlers.state.market_ms + 60_000}
    assert (len(gate.stops_ms), len(gate.approvals_ms)) == (1, 1)
    assert (gate.trading_state, gate.halts) == ("HALTED", (ActiveHalt(reason="PERSON", state="HALTED", until_ms=None),))


def test_a_persons_words_are_not_among_the_published_figures() -> None:
    harness = RiskHarness()
    harness.send_account()
    harness.send_command(Command.HALT, reason="buy BTC at once")
    assert not any("buy BTC" in value for value in cache_values(harness.handlers).values())


def test_a_cooldown_and_an_approval_that_are_over_are_not_published() -> None:
    harness = RiskHarness(entry_cooldown_s=60)
    harness.send_account()
    harness.judge()
    harness.advance(61)
    harness.send_ticks()
    gate = RiskDay.model_validate_json(cache_values(harness.handlers)[f"risk:day:{MODEL}"]).gate
    assert (gate.cooldowns, gate.approvals_ms, gate.entries_today) == ({}, (), 1)


async def test_the_limits_are_published_again_after_redis_was_wiped() -> None:
    clock, harness = ManualClock(), RiskHarness()
    bus = MemoryBus(clock.now_ms)
    published = 0

    def is_published_twice() -> bool:
        nonlocal published
        if LIMITS_KEY in bus.cache:
            published += 1
            bus.wipe()
        return published == 2

    await run_until(publish_limits(service_on(clock, bus), harness.handlers), is_published_twice)


async def test_readiness_and_gauges_follow_the_state() -> None:
    clock, harness = ManualClock(), RiskHarness()
    service = service_on(clock, MemoryBus(clock.now_ms))
    harness.send_account()
    harness.judge(symbol=Symbol.BTC)
    halt = Halt(MODEL, Reason.DRAWDOWN, 0)
    harness.handlers.state.persistent = harness.handlers.state.persistent.with_halt(halt)
    began_ms = clock.ms
    await run_until(report(service, harness.handlers), lambda: clock.ms > began_ms)
    unmet = service.readiness.unmet
    assert unmet["account-qwen"] == "waiting for an account state"
    assert not {"market", f"account-{MODEL}"} & unmet.keys()
    assert metrics.RESERVED.labels(MODEL)._value.get() == 1
    assert metrics.TRADING_STATE.labels(MODEL)._value.get() == 2
