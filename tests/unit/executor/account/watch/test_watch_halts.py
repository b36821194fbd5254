"""Halts by command and by file: who ends which, and what is recorded of them."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from account_harness import MODEL, AccountHarness

from common.events import Command, ControlCommand, originate
from common.events.alerts import AlertCode
from executor.account.watch.halts import HaltKeeper
from executor.domain.halt import HaltRecord
from executor.storage.halt_table import HaltTable
from executor.storage.halts import HaltFiles
from simulation.adapters.database import Pool

KILL = HaltRecord(None, "kill switch", 0, "a person's command", is_local=True)


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness


async def no_fault(step: str) -> None: ...


class PostgresAway:
    """A pool whose server is away."""

    def connection(self) -> Any:
        raise psycopg.OperationalError("the server is away")


def keeper_of(harness: AccountHarness, pool: Any = None, files: HaltFiles | None = None) -> HaltKeeper:
    context = harness.context
    table = HaltTable(pool or Pool(harness.database, no_fault))
    return HaltKeeper(files or context.halts, table, context.outbox, harness.clock, context.log)


def command(kind: Command, at_ms: int, model: str | None = MODEL) -> Any:
    data = ControlCommand(command=kind, model=model, reason="test", requested_by="gateway")
    return originate(data, keys=(kind, model, at_ms), time_ms=at_ms, now_ms=at_ms)


def rows(harness: AccountHarness) -> list[tuple[Any, ...]]:
    found = harness.database.rows("SELECT * FROM executor_halts ORDER BY since_ms")
    return [(row["model"], row["author"], row["reason"], row["since_ms"], row["ended_by"]) for row in found]


class OddTable:
    """A pool whose server refuses what it is given."""

    def connection(self) -> Any:
        raise psycopg.DataError("invalid text")


async def test_whatever_fails_the_watch_goes_on(harness: AccountHarness) -> None:
    keeper = keeper_of(harness, OddTable())
    with pytest.raises(psycopg.DataError):
        await keeper.load()
    task = asyncio.create_task(keeper.watch())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()


async def test_a_halt_is_one_record_with_author_time_and_reason(harness: AccountHarness) -> None:
    keeper, now_ms = keeper_of(harness), harness.clock.ms
    await keeper.load()
    [alert] = await keeper.apply(command(Command.HALT, now_ms), now_ms)
    assert alert.data.code == AlertCode.HALTED
    assert rows(harness) == [(MODEL, "gateway", "test", now_ms, None)]
    assert harness.context.halts.commanded_files() == (HaltRecord(MODEL, "gateway", now_ms, "test"),)
    assert harness.context.halts.is_halted(MODEL)


async def test_a_younger_resume_ends_it_and_a_repeat_changes_nothing(harness: AccountHarness) -> None:
    keeper, now_ms = keeper_of(harness), harness.clock.ms
    await keeper.load()
    halt, resume = command(Command.HALT, now_ms - 20), command(Command.RESUME, now_ms - 10)
    for event in (halt, resume, halt, resume):
        [alert] = await keeper.apply(event, now_ms)
    assert alert.data.code == AlertCode.RESUMED
    assert not harness.context.halts.is_halted(MODEL)
    assert rows(harness) == [(MODEL, "gateway", "test", now_ms - 20, "gateway")]


async def test_a_resume_that_comes_again_leaves_a_later_halt(harness: AccountHarness) -> None:
    keeper, now_ms = keeper_of(harness), harness.clock.ms
    await keeper.load()
    resume = command(Command.RESUME, now_ms - 10)
    await keeper.apply(resume, now_ms)
    await keeper.apply(command(Command.HALT, now_ms - 5), now_ms)
    [alert] = await keeper.apply(resume, now_ms)
    assert alert.data.code == AlertCode.HALT_STAYS
    assert harness.context.halts.is_halted(MODEL)


@pytest.mark.parametrize("at_ms", [-10, 10_000])
async def test_no_resume_by_command_ends_the_kill_switchs_halt(harness: AccountHarness, at_ms: int) -> None:
    keeper, now_ms = keeper_of(harness), harness.clock.ms
    await keeper.load()
    harness.context.halts.write(KILL)
    await keeper.record_local()
    [alert] = await keeper.apply(command(Command.RESUME, now_ms + at_ms, None), now_ms + 20_000)
    assert alert.data.code == AlertCode.HALT_STAYS
    assert "aicoin resume" in alert.data.message
    assert harness.context.halts.is_halted(MODEL)


async def test_a_halt_that_comes_while_the_table_is_read_holds(harness: AccountHarness) -> None:
    keeper, now_ms = keeper_of(harness), harness.clock.ms
    harness.context.halts.mirror([HaltRecord("qwen", "gateway", now_ms - 20, "test")])
    late = HaltRecord(MODEL, "gateway", now_ms, "test")

    async def has_ended(halt: HaltRecord) -> bool:
        harness.context.halts.mirror([*harness.context.halts.commanded, late])
        return False

    keeper._table.has_ended = has_ended  # type: ignore[method-assign]
    await keeper.load()
    assert {halt.model for halt in harness.context.halts.commanded} == {MODEL, "qwen"}
    assert harness.context.halts.is_halted(MODEL)


async def test_a_local_halt_is_recorded_when_it_comes_and_goes(harness: AccountHarness) -> None:
    keeper = keeper_of(harness)
    await keeper.load()
    harness.context.halts.write(KILL)
    for _ in range(2):
        await keeper.record_local()
    assert rows(harness) == [("*", "kill switch", "a person's command", 0, None)]
    harness.context.halts.resume_local(None)
    for _ in range(2):
        await keeper.record_local()
    assert [row[4] for row in rows(harness)] == ["the file is gone"]
    codes = [alert.code for alert in harness.events("system.alert")]
    assert codes == [AlertCode.HALTED, AlertCode.RESUMED]


async def test_a_file_that_comes_back_is_another_halt(harness: AccountHarness) -> None:
    keeper = keeper_of(harness)
    await keeper.load()
    for _ in range(2):
        harness.context.halts.write(KILL)
        await keeper.record_local()
        harness.context.halts.resume_local(None)
        await keeper.record_local()
        harness.pass_time(1)
    assert [row[4] for row in rows(harness)] == ["the file is gone"] * 2
    assert len(harness.event_ids("system.alert")) == 4


async def test_an_instance_without_the_lease_records_nothing(harness: AccountHarness) -> None:
    context, table = harness.context, HaltTable(Pool(harness.database, no_fault))
    keeper = HaltKeeper(context.halts, table, context.outbox, harness.clock, context.log, lambda: False)
    context.halts.write(KILL)
    watch = asyncio.ensure_future(keeper.watch())
    for _ in range(20):
        await asyncio.sleep(0)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert rows(harness) == []


async def test_without_postgresql_a_halt_holds_and_is_delivered_again(harness: AccountHarness) -> None:
    keeper, now_ms = keeper_of(harness, PostgresAway()), harness.clock.ms
    harness.context.halts.is_loaded = True
    event = command(Command.HALT, now_ms)
    with pytest.raises(psycopg.OperationalError):
        await keeper.apply(event, now_ms)
    assert harness.context.halts.is_halted(MODEL)
    after = HaltFiles(harness.settings.executor_data_dir)
    keeper = keeper_of(harness, files=after)
    assert after.is_halted(MODEL)
    await keeper.load()
    assert after.is_halted(MODEL)
    assert rows(harness) == [(MODEL, "gateway", "test", now_ms, None)]
    await keeper.apply(command(Command.RESUME, now_ms + 1), now_ms + 2)
    assert not after.is_halted(MODEL)


async def test_a_disk_that_takes_no_file_lifts_no_halt(harness: AccountHarness, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    files = HaltFiles(folder)
    folder.rmdir()
    folder.touch()
    keeper, now_ms = keeper_of(harness, files=files), harness.clock.ms
    await keeper.load()
    [alert] = await keeper.apply(command(Command.HALT, now_ms), now_ms)
    assert "halt file not written" in alert.data.message
    folder.unlink()
    again = HaltFiles(folder)
    await keeper_of(harness, files=again).load()
    assert again.is_halted(MODEL)
    assert (folder / f"halt-{MODEL}").exists()
