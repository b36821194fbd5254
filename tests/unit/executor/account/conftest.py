"""One account in this process."""

from pathlib import Path

import pytest
from account_harness import AccountHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness
