"""A model that answers from the record, and the clock and the spending that go with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.spending import Bill, NotAffordable, Spending
from common.agent.request import INTERRUPTED, PROMPT_MESSAGES
from common.events import AgentDecision, ModelCall

UNAFFORDABLE: Final = ("COST_CAP", "NO_BUDGET")


class RecordedModel(Spending):
    """Answers each request with what the recorded one brought; it is model, clock and spending at once.

    `problems` are requests that the record doesn't have, or has with other messages. `met_deadline` is true once it has
    waited for what the recorded agent did not live to see.
    """

    def __init__(self, decision: AgentDecision) -> None:
        self._decision, self._calls = decision, decision.calls
        self._made = 0
        self.problems: list[str] = []
        self.met_deadline = False

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """The recorded answer. Raises CallFailed as the recorded call did, and waits where it was interrupted."""
        if self._made == len(self._calls):
            self.problems.append(f"request {self._made + 1} is not in the record")
            raise CallFailed("NOT_RECORDED", "the record holds no such request", retryable=False)
        call = self._calls[self._made]
        self._made += 1
        added = [(each["role"], each["content"]) for each in messages[PROMPT_MESSAGES:]]
        if added != [(each.role, each.content) for each in call.added_messages]:
            self.problems.append(f"request {self._made} has other messages than the recorded one")
        if call.failure_code == INTERRUPTED:
            await self._wait_for_deadline()
        if call.failure_code is not None:
            raise CallFailed(
                call.failure_code, call.failure_reason or "", retryable=self._is_retried(call), body=call.body
            )
        return Answer(
            text=call.text or "",
            reasoning_content=call.reasoning_content,
            provider_model=call.provider_model or "",
            usage=call.usage,
            cut_off=call.cut_off,
            body=call.body,
        )

    @asynccontextmanager
    async def call(self, messages: Sequence[Message]) -> AsyncIterator[Bill]:
        """What the call cost then; today's prices may be others. Raises NotAffordable where it could not be paid."""
        code = self._decision.failure_code
        if self._made == len(self._calls) and code in UNAFFORDABLE:
            raise NotAffordable(code, self._decision.failure_reason or "")
        yield Bill(self._calls[self._made].cost_usd if self._made < len(self._calls) else Decimal(0))

    def _is_retried(self, call: ModelCall) -> bool:
        """Whether the agent asked again, or wanted to."""
        return self._made < len(self._calls) or self._decision.failure_reason != call.failure_reason

    async def _wait_for_deadline(self) -> None:
        self.met_deadline = True
        await asyncio.Event().wait()

    async def probe(self) -> str | None:
        return None

    async def close(self) -> None:
        return None

    def now_ms(self) -> int:
        """A wall time; the record's own stand in the result instead (see `replay_exactly`)."""
        return 0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """The pause before another attempt, which takes no time where the record has that attempt."""
        if self._made == len(self._calls):
            await self._wait_for_deadline()

    @property
    def unused(self) -> int:
        """How many recorded requests were not made."""
        return len(self._calls) - self._made
