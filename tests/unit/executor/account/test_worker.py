"""The worker's states, and what it takes from other tasks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from account_harness import AccountHarness
from harness import eventually

from common.runtime.clock import SystemClock
from common.trading.orders import IntentKind, IntentStatus
from executor.account.worker import AccountWorker, WorkerState
from executor.domain.intent import intent_from


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    """With the system's clock, as the worker waits in real time."""
    harness = AccountHarness(tmp_path, SystemClock())
    await harness.context.fills.record(harness.context.model, harness.clock.now_ms() - 1_000)
    return harness


@asynccontextmanager
async def running(harness: AccountHarness, *, is_started: bool = True) -> AsyncIterator[AccountWorker]:
    worker = AccountWorker(harness.context, harness.service.set_ready)
    task = asyncio.ensure_future(worker.run())
    if is_started:
        worker.reload()
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def in_state(worker: AccountWorker, state: WorkerState) -> None:
    await eventually(f"the worker to be {state.name}", lambda: worker.state is state)


async def ended(harness: AccountHarness, intent_id: str) -> IntentStatus:
    async def look() -> IntentStatus | None:
        intent = await harness.context.intents.get(intent_id)
        return intent.status if intent is not None and intent.status.is_final else None

    return await eventually("the intent's end", look)


async def test_a_worker_asks_nothing_before_it_is_started(harness: AccountHarness) -> None:
    async with running(harness, is_started=False) as worker:
        await asyncio.sleep(0)
        assert worker.state is WorkerState.STANDBY
        assert harness.wire.requests == []
        worker.reload()
        await in_state(worker, WorkerState.IDLE)
        assert harness.wire.requests


async def test_a_worker_without_the_lease_stands_by(harness: AccountHarness) -> None:
    async with running(harness) as worker:
        await in_state(worker, WorkerState.IDLE)
        harness.is_owner = False
        worker.wake()
        await in_state(worker, WorkerState.STANDBY)
        assert not await worker.store_and_send(intent_from(harness.approve("1"), 1))
        harness.is_owner = True
        worker.reload()
        await in_state(worker, WorkerState.IDLE)


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


async def test_an_exchange_that_does_not_answer_pauses_the_worker(harness: AccountHarness) -> None:
    harness.wire.lose_request("clearinghouseState")
    async with running(harness) as worker:
        await in_state(worker, WorkerState.PAUSED)
        assert "no usable answer from the exchange" in str(harness.service.readiness.unmet)
        harness.wire.reset()
        await in_state(worker, WorkerState.IDLE)
