"""Events are published in the order in which they were appended, and account states newest only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from account_harness import MODEL, AccountHarness
from harness import eventually

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from executor.account.protection.poll import AccountPoller
from executor.account.reconcile import Reconciler
from executor.domain.events import system_alert
from executor.storage.outbox import BATCH_EVENTS


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AccountHarness]:
    harness = AccountHarness(tmp_path)
    await harness.open()
    task = asyncio.ensure_future(harness.context.outbox.run())
    yield harness
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def alert(number: int) -> Any:
    code, severity = AlertCode.EXTERNAL_POSITION, AlertSeverity.INFO
    return system_alert(code, severity, str(number), model=MODEL, key=number, now_ms=number)


async def is_empty(harness: AccountHarness) -> None:
    await eventually("an empty outbox", lambda: not harness.database.rows("SELECT 1 FROM executor_outbox"))


async def test_nothing_is_published_before_the_start(harness: AccountHarness) -> None:
    await harness.context.outbox.append(alert(1))
    await asyncio.sleep(0)
    assert harness.bus.events("system.alert") == []
    harness.context.outbox.start()
    await is_empty(harness)
    assert len(harness.bus.events("system.alert")) == 1


async def test_events_of_several_batches_keep_their_order(harness: AccountHarness) -> None:
    count = BATCH_EVENTS * 2 + 5
    await harness.context.outbox.append(*(alert(number) for number in range(count)))
    harness.context.outbox.start()
    await is_empty(harness)
    assert [event.data.message for event in harness.bus.events("system.alert")] == [str(n) for n in range(count)]


async def test_only_the_newest_state_of_an_account_is_published(harness: AccountHarness) -> None:
    poller = AccountPoller(harness.context)
    reconciler = Reconciler(harness.context, poller)
    for _ in range(3):
        poll = await poller.poll()
        await reconciler.keep_books(poll)
        harness.pass_time(1)
    harness.context.outbox.start()
    await eventually("the account's state", lambda: harness.bus.events("account.updated"))
    assert [event.data.received_ms for event in harness.bus.events("account.updated")] == [poll.received_ms]
