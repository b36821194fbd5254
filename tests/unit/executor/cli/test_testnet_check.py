"""The scripted session on testnet: whatever goes wrong in a step, the account is flattened."""

from typing import Any

import pytest

from executor.cli.testnet_check import Session
from executor.exchange.errors import UnknownOutcome
from executor.exchange.parse import parse_placements


class Scripted(Session):
    """A session whose bracket fails with `error`, or whose answer can't be read."""

    def __init__(self, error: Exception | None) -> None:
        self.model, self.failures, self._error = "deepseek", [], error
        self.steps: list[str] = []

    async def _succeed(self) -> str:
        return "ok"

    preflight = balances = leverage = partial_close = order_and_cancel = reconcile = _succeed

    async def bracket(self) -> str:
        if self._error is not None:
            raise self._error
        parse_placements({"status": "ok", "response": {"type": "default"}}, 3)
        return "ok"

    async def flatten(self) -> str:
        self.steps.append("flatten")
        return "ok"


@pytest.mark.parametrize("error", [UnknownOutcome("no answer"), None], ids=["no answer", "unreadable"])
async def test_a_failed_step_ends_the_session_flat(error: Any) -> None:
    session = Scripted(error)
    await session.run()
    assert session.failures == ["bracket"]
    assert session.steps == ["flatten"]
