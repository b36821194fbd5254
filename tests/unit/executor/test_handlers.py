"""Each handler returns once its effect outlives a restart."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from account_harness import MODEL, AccountHarness, no_fault

from common.events import Command, ControlCommand, originate
from common.events.alerts import AlertCode
from common.events.codec import UnusableEvent
from common.trading.orders import CancelReason, IntentKind, IntentStatus
from executor.account.watch.halts import HaltKeeper
from executor.account.worker import AccountWorker
from executor.handlers import ExecutorHandlers
from executor.storage.flattens import FlattenStore
from executor.storage.halt_table import HaltTable
from simulation.adapters.database import Pool


class PostgresAway:
    """A pool whose server is away, or fails otherwise."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error or psycopg.OperationalError("the server is away")

    def connection(self) -> Any:
        raise self._error


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness


@pytest.fixture
def handlers(harness: AccountHarness) -> ExecutorHandlers:
    context = harness.context
    worker = AccountWorker(context, harness.service.set_ready)
    return ExecutorHandlers(
        workers={MODEL: worker},
        intents=context.intents,
        flattens=context.flattens,
        halts=HaltKeeper(
            context.halts, HaltTable(Pool(harness.database, no_fault)), context.outbox, harness.clock, context.log
        ),
        outbox=context.outbox,
    )


def command(kind: Command, model: str | None = None, at_ms: int = 1) -> Any:
    data = ControlCommand(command=kind, model=model, reason="test", requested_by="person")
    return originate(data, keys=(kind, model), time_ms=at_ms, now_ms=at_ms)


async def test_an_approval_is_stored_once(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    event = harness.approve("1")
    for _ in range(2):
        assert await handlers.on_approval(event, 5) == ()
    [intent] = await harness.context.intents.unfinished(MODEL)
    assert (intent.intent_id, intent.status, intent.created_ms) == (event.id, IntentStatus.STORED, 5)


async def test_an_approval_for_another_account_is_cancelled(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    """It waited in the stream while the settings were changed."""
    event = harness.approve("1", IntentKind.EXIT)
    other = event.model_copy(update={"data": event.data.model_copy(update={"epoch": "paper:0xother"})})
    [cancelled] = await handlers.on_approval(other, 5)
    assert (cancelled.data.intent_id, cancelled.data.reason) == (event.id, CancelReason.OTHER_ACCOUNT)
    assert await harness.context.intents.unfinished(MODEL) == []
    own = event.model_copy(update={"data": event.data.model_copy(update={"epoch": harness.context.epoch})})
    assert await handlers.on_approval(own, 5) == ()


async def test_an_approval_of_an_unknown_contender_is_unusable(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    event = harness.approve("1")
    unknown = event.model_copy(update={"data": event.data.model_copy(update={"model": "mistral"})})
    with pytest.raises(UnusableEvent, match="mistral"):
        await handlers.on_approval(unknown, 5)


async def test_halt_and_resume_are_confirmed(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    await handlers.rebuild()
    [halted] = await handlers.on_command(command(Command.HALT, MODEL), 5)
    assert harness.context.halts.is_halted(MODEL)
    [resumed] = await handlers.on_command(command(Command.RESUME, MODEL, 2), 6)
    assert not harness.context.halts.is_halted(MODEL)
    assert [event.data.code for event in (halted, resumed)] == [AlertCode.HALTED, AlertCode.RESUMED]


async def test_a_close_is_left_to_risk(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    await handlers.rebuild()
    assert await handlers.on_command(command(Command.CLOSE, MODEL), 5) == ()
    assert not harness.context.halts.is_halted(MODEL)
    assert await harness.context.flattens.requested_since(MODEL) is None


async def test_a_flatten_of_all_is_a_request_per_account(harness: AccountHarness, handlers: ExecutorHandlers) -> None:
    assert await handlers.on_command(command(Command.FLATTEN), 5) == ()
    assert await harness.context.flattens.requested_since(MODEL) == 5


async def test_without_postgresql_a_flatten_reaches_every_account(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    other = harness.restarted()
    handlers.workers["qwen"] = AccountWorker(other.context, harness.service.set_ready)
    memories = [harness.context.memory, other.context.memory]
    stored, handlers._flattens = handlers._flattens, FlattenStore(PostgresAway())
    for now_ms in (5, 9):
        with pytest.raises(psycopg.OperationalError):
            await handlers.on_command(command(Command.FLATTEN), now_ms)
        for memory in memories:
            memory.learn((), (), {}, None)
        assert [memory.flatten_since_ms for memory in memories] == [5, 5]
    handlers._flattens = stored
    await handlers.on_command(command(Command.FLATTEN), 12)
    memories[0].learn((), (), {}, None)
    assert memories[0].flatten_since_ms is None


async def test_a_flatten_whose_command_is_given_up_does_not_stay(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    handlers._flattens = FlattenStore(PostgresAway(psycopg.errors.UndefinedColumn("no outage")))
    with pytest.raises(psycopg.errors.UndefinedColumn):
        await handlers.on_command(command(Command.FLATTEN), 5)
    assert harness.context.memory.flatten_since_ms is None


async def test_the_workers_start_while_the_halts_cannot_be_read(
    harness: AccountHarness, handlers: ExecutorHandlers
) -> None:
    away = ExecutorHandlers(
        workers=handlers.workers,
        intents=harness.context.intents,
        flattens=harness.context.flattens,
        halts=HaltKeeper(
            harness.context.halts, HaltTable(PostgresAway()), harness.context.outbox, harness.clock, harness.context.log
        ),
        outbox=harness.context.outbox,
    )
    await away.rebuild()
    assert harness.context.halts.is_halted(MODEL)
