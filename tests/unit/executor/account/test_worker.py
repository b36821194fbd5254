"""The worker's states, and what it takes from other tasks."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from account_harness import AccountHarness
from harness import eventually

from common.events.alerts import AlertCode
from common.runtime.clock import SystemClock
from common.trading.orders import IntentKind, IntentStatus
from executor.account.worker import AccountWorker, WorkerState
from executor.domain.intent import intent_from
from executor.exchange.client import PROTECTION_QUESTIONS
from executor.exchange.rate_limit import weight_of

START_WEIGHT = 250
"""Of the questions with which one account's start ends, at most: two accounts have 600 a minute."""


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    """With the system's clock, as the worker waits in real time."""
    harness = AccountHarness(tmp_path, SystemClock())
    await harness.context.fills.record(harness.context.model, harness.clock.now_ms() - 1_000)
    return harness


@asynccontextmanager
async def running(harness: AccountHarness, *, is_started: bool = True) -> AsyncIterator[AccountWorker]:
    worker = AccountWorker(harness.context, harness.service.set_ready)
    tasks = [asyncio.ensure_future(run()) for run in (worker.run, worker.protector.run)]
    if is_started:
        worker.reload()
    try:
        yield worker
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def wait_until(is_so: Callable[[], bool]) -> None:
    await eventually("it to be so", is_so)


async def ended(harness: AccountHarness, intent_id: str) -> IntentStatus:
    async def look() -> IntentStatus | None:
        intent = await harness.context.intents.get(intent_id)
        return intent.status if intent is not None and intent.status.is_final else None

    return await eventually("the intent's end", look)


async def test_a_worker_asks_nothing_before_it_is_started(harness: AccountHarness) -> None:
    async with running(harness, is_started=False) as worker:
        await wait_until(lambda: worker.protector.poller.latest is not None)  # Protection waits for nothing.
        assert worker.state is WorkerState.STANDBY
        assert {json.loads(text)["type"] for text in harness.wire.requests} <= set(PROTECTION_QUESTIONS)
        worker.reload()
        await wait_until(lambda: worker.state is WorkerState.IDLE)


async def test_a_worker_without_the_lease_stands_by(harness: AccountHarness) -> None:
    async with running(harness) as worker:
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        harness.is_owner = False
        worker.wake()
        await wait_until(lambda: worker.state is WorkerState.STANDBY)
        assert not await worker.store_and_send(intent_from(harness.approve("1"), 1))
        harness.is_owner = True
        worker.reload()
        await wait_until(lambda: worker.state is WorkerState.IDLE)


async def test_an_idle_worker_takes_a_handoff_and_a_busy_one_does_not(harness: AccountHarness) -> None:
    async with running(harness) as worker:
        entry = harness.approve("1")
        assert not await worker.store_and_send(intent_from(entry, harness.clock.now_ms()))  # Not reconciled yet.
        await harness.context.intents.add(entry, harness.clock.now_ms())
        worker.wake()
        assert await ended(harness, entry.id) is IntentStatus.FILLED
        leave = intent_from(harness.approve("1", IntentKind.EXIT), harness.clock.now_ms())
        await eventually("an idle worker", lambda: worker.store_and_send(leave))
        stored = await harness.stored(leave.intent_id)
        assert stored.signed_action is not None
        assert await ended(harness, leave.intent_id) is IntentStatus.FILLED
        assert harness.held() == 0


async def test_an_exchange_that_does_not_answer_is_reported_and_asked_again(harness: AccountHarness) -> None:
    harness.wire.lose_request("clearinghouseState")
    async with running(harness) as worker:
        await wait_until(lambda: "no usable answer from the exchange" in str(harness.service.readiness.unmet))
        harness.wire.reset()
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        await wait_until(lambda: "no usable answer" not in str(harness.service.readiness.unmet))


async def test_an_unexpected_error_of_the_books_ends_nothing(harness: AccountHarness) -> None:
    """It is alerted, and positions are protected meanwhile."""
    run = harness.database.run

    def broken(query: str, parameters: Any) -> Any:
        raise RuntimeError("a mistake")

    async with running(harness) as worker:
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        entry = harness.approve("1")
        await harness.context.intents.add(entry, harness.clock.now_ms())
        worker.wake()
        assert await ended(harness, entry.id) is IntentStatus.FILLED
        await wait_until(lambda: len(harness.open_orders()) == 2 and not worker.protector.needs_poll)
        harness.database.run = broken
        await wait_until(lambda: worker.state is WorkerState.PAUSED)
        await wait_until(lambda: worker.protector.poller.wait_s() > 0)
        harness.cancel_all_orders()
        worker.protector.poll_now()
        await wait_until(lambda: len(harness.open_orders()) == 2)
        assert [alert.data.code for alert in harness.context.memory.alerts.values()] == [AlertCode.UNEXPECTED_ERROR]
        harness.database.run = run
        await wait_until(lambda: worker.state is WorkerState.IDLE and not harness.context.memory.alerts)


async def test_exits_go_out_while_the_fills_cannot_be_read(harness: AccountHarness) -> None:
    async with running(harness) as worker:
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        harness.wire.lose_request("userFillsByTime")
        for kind in (IntentKind.ENTRY, IntentKind.EXIT):
            intent = harness.approve("1", kind)
            await harness.context.intents.add(intent, harness.clock.now_ms())
            worker.wake()
            assert await ended(harness, intent.id) is IntentStatus.FILLED
        assert harness.held() == 0
        await wait_until(lambda: "the books wait for the exchange: fills" in str(harness.service.readiness.unmet))


async def test_an_entry_that_waits_for_weight_leaves_the_account_ready(harness: AccountHarness) -> None:
    async with running(harness) as worker:
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        limiter = harness.context.exchange._rate_limiter
        limiter.spend(1_000, harness.clock.monotonic())
        entry = harness.approve("1")
        await harness.context.intents.add(entry, harness.clock.now_ms())
        worker.wake()
        await wait_until(lambda: worker.state is WorkerState.IDLE and worker._must_retry)
        assert f"account-{harness.context.model}" not in harness.service.readiness.unmet
        limiter._saved, limiter._spent_sum = float(limiter.per_minute), 0.0
        limiter._spent.clear()
        assert await ended(harness, entry.id) is IntentStatus.FILLED


async def test_a_start_reads_the_universe_once_for_both_tasks(harness: AccountHarness) -> None:
    """Worker and protector begin at the same time, and the account's checks take what they have read."""

    async def run_later(function: Any, *arguments: Any) -> Any:
        await asyncio.sleep(0.1 if arguments[0] == {"type": "meta", "dex": ""} else 0)
        return function(*arguments)

    client = harness.context.exchange
    client._config = replace(client._config, run_blocking=run_later)
    async with running(harness) as worker:
        await wait_until(lambda: worker.state is WorkerState.IDLE)
        kinds = [json.loads(text).get("type") for text in harness.wire.requests]
        assert kinds.count("meta") == 1
        assert sum(weight_of(kind) for kind in kinds) <= START_WEIGHT
