"""Each handler returns once its effect outlives a restart."""

from pathlib import Path
from typing import Any

import pytest
from account_harness import MODEL, AccountHarness

from common.events import Command, ControlCommand, originate
from common.events.alerts import AlertCode
from common.events.codec import UnusableEvent
from common.trading.orders import IntentStatus
from executor.account.worker import AccountWorker
from executor.handlers import ExecutorHandlers


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness


@pytest.fixture
def handlers(harness: AccountHarness) -> ExecutorHandlers:
    context = harness.context
    worker = AccountWorker(context, harness.service.set_ready, lambda problems: None)
    return ExecutorHandlers(
        workers={MODEL: worker},
        intents=context.intents,
        flattens=context.flattens,
        halts=context.halts,
        outbox=context.outbox,
    )


def command(kind: Command, model: str | None = None) -> Any:
    data = ControlCommand(command=kind, model=model, reason="test", requested_by="person")
    return originate(data, keys=(kind, model), time_ms=1, now_ms=1)


async def test_an_approval_is_stored_once(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    event = harness.approve("1")
    for _ in range(2):
        assert await handlers.on_approval(event, 5) == ()
    [intent] = await harness.context.intents.unfinished(MODEL)
    assert (intent.intent_id, intent.status, intent.created_ms) == (event.id, IntentStatus.STORED, 5)


async def test_an_approval_of_an_unknown_contender_is_unusable(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    event = harness.approve("1")
    unknown = event.model_copy(update={"data": event.data.model_copy(update={"model": "mistral"})})
    with pytest.raises(UnusableEvent, match="mistral"):
        await handlers.on_approval(unknown, 5)


async def test_halt_and_resume_are_files_with_a_confirmation(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    [halted] = await handlers.on_command(command(Command.HALT, MODEL), 5)
    assert harness.context.halts.is_halted(MODEL)
    [resumed] = await handlers.on_command(command(Command.RESUME, MODEL), 6)
    assert not harness.context.halts.is_halted(MODEL)
    assert [event.data.code for event in (halted, resumed)] == [AlertCode.HALTED, AlertCode.RESUMED]


async def test_a_flatten_of_all_is_a_request_per_account(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    assert await handlers.on_command(command(Command.FLATTEN), 5) == ()
    assert await harness.context.flattens.requested_since(MODEL) == 5
