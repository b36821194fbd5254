"""Fixtures of contract tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from executor_stage import Stage

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
    """Settings of the stage's executor that a test wants otherwise, by a parameter of that name."""
    return {}


@pytest.fixture
async def stage(
    tmp_path: Path, simulator: SimulatorProcess, redis_url: str, database_url: str, changed: dict[str, str]
) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, simulator, redis_url, database_url, changed)
    try:
        await stage.open()
        yield stage
    finally:
        await stage.close()
