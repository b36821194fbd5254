"""Fixtures of contract tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ExecutorHarness

from common.runtime.database import migrate, open_pool
from simulation.adapters.database import Database
from simulation.adapters.database import Pool as MemoryPool
from support.executor_process import fresh_accounts
from support.simulator_process import ForkedSimulator


@pytest.fixture(scope="module")
def shared_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedSimulator]:
    """The exchange of a module's tests, without an account of its own."""
    process = ForkedSimulator(tmp_path_factory.mktemp("simulator"), seed=7).start()
    yield process
    process.kill()


@pytest.fixture
def simulator(shared_simulator: ForkedSimulator) -> Iterator[ForkedSimulator]:
    """The module's exchange with unused test accounts; a test may kill it and start it again."""
    if not shared_simulator.is_running:
        shared_simulator.start()
    with fresh_accounts(shared_simulator):
        yield shared_simulator


@pytest.fixture
def changed() -> dict[str, str]:
    """Settings of the executor that a test wants otherwise, by a parameter of that name."""
    return {}


@pytest.fixture
async def harness(
    tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str, changed: dict[str, str]
) -> AsyncIterator[ExecutorHarness]:
    harness = ExecutorHarness(tmp_path, simulator, redis_url, database_url, changed)
    try:
        await harness.open()
        yield harness
    finally:
        await harness.close()


async def nothing_happens(step: str) -> None:
    """The memory database's point at which a simulation would have something go wrong."""


@pytest.fixture(params=["memory", "postgres"])
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """The tables of executor and risk, in the database that the simulation runs them on and in PostgreSQL."""
    if request.param == "memory":
        database = Database()
        database.migrate("executor", "risk")
        yield MemoryPool(database, nothing_happens)
        database.close()
        return
    opened = await open_pool(request.getfixturevalue("database_url"))
    try:
        for owner in ("executor", "risk"):
            await migrate(opened, owner)
        yield opened
    finally:
        await opened.close()
