"""Fixtures of contract tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from executor_stage import Stage

from executor.testing import wallet_pairs
from simulator.testing import SimulatorProcess


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    folder = tmp_path / "simulator"
    folder.mkdir()
    process = SimulatorProcess(folder, accounts=wallet_pairs(), seed=7)
    process.start()
    yield process
    process.kill()


@pytest.fixture
async def stage(tmp_path: Path, simulator: SimulatorProcess, redis_url: str, database_url: str) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, simulator, redis_url, database_url)
    try:
        await stage.open()
        yield stage
    finally:
        await stage.close()
