"""Fixtures of contract tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from executor_harness import ExecutorHarness

from simulator.testing.process import SimulatorProcess
from support.executor_process import wallet_pairs


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    folder = tmp_path / "simulator"
    folder.mkdir()
    process = SimulatorProcess(folder, accounts=wallet_pairs(), seed=7)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def changed() -> dict[str, str]:
    """Settings of the executor that a test wants otherwise, by a parameter of that name."""
    return {}


@pytest.fixture
async def harness(
    tmp_path: Path, simulator: SimulatorProcess, redis_url: str, database_url: str, changed: dict[str, str]
) -> AsyncIterator[ExecutorHarness]:
    harness = ExecutorHarness(tmp_path, simulator, redis_url, database_url, changed)
    try:
        await harness.open()
        yield harness
    finally:
        await harness.close()
