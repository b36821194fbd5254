"""A model that answers from the record, and the clock, budget and price that go with it."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.request import INTERRUPTED, PROMPT_MESSAGES
from common.events import AgentDecision, ModelCall, TokenUsage


class RecordedModel:
    """Answers each request with what the recorded one brought; it is clock, budget and price as well.

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

    def _is_retried(self, call: ModelCall) -> bool:
        """Whether the agent asked again, or wanted to."""
        return self._made < len(self._calls) or self._decision.failure_reason != call.failure_reason

    async def _wait_for_deadline(self) -> None:
        self.met_deadline = True
        await asyncio.Event().wait()

    def now_ms(self) -> int:
        """A wall time; the record's own stand in the result instead (see `replay_exactly`)."""
        return 0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """The pause before another attempt, which takes no time where the record has that attempt."""
        if self._made == len(self._calls):
            await self._wait_for_deadline()

    async def probe(self) -> str | None:
        return None

    async def close(self) -> None:
        return None

    async def reserve(self, usd: Decimal, now_ms: int) -> bool:
        """Whether the recorded agent could pay for another request."""
        return self._made < len(self._calls) or self._decision.failure_code != "COST_CAP"

    async def settle(self, reserved_usd: Decimal, cost_usd: Decimal, reserved_ms: int) -> None:
        return None

    def cost_usd(self, usage: TokenUsage) -> Decimal:
        """What the latest request cost then; today's prices may be others."""
        return self._calls[self._made - 1].cost_usd

    def most_usd(self, prompt_characters: int, max_output_tokens: int) -> Decimal:
        return Decimal(0)

    @property
    def unused(self) -> int:
        """How many recorded requests were not made."""
        return len(self._calls) - self._made

