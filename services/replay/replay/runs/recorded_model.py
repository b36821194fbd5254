"""A model that answers from the record, with the clock, budget and price that go with it."""

from collections.abc import Sequence
from decimal import Decimal

from common.agent.providers.port import Answer, CallFailed, Message
from common.events import AgentDecision, ModelCall, TokenUsage

DEADLINE = "DEADLINE"
PROMPT_MESSAGES = 2


class RecordedModel:
    """Answers each request with what the recorded one brought; it is also the budget, since it knows what was paid.

    `problems` are requests that the record doesn't have, or has with other messages.
    """

    def __init__(self, decision: AgentDecision) -> None:
        self._decision, self._calls = decision, decision.calls
        self._made = 0
        self.problems: list[str] = []

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """The recorded answer. Raises CallFailed as the recorded call did, and TimeoutError where it met the deadline.

        TimeoutError is what the requester's own deadline raises in it, which would otherwise have to pass.
        """
        if self._made == len(self._calls):
            self.problems.append(f"request {self._made + 1} is not in the record")
            raise CallFailed("NOT_RECORDED", "the record holds no such request", retryable=False)
        call = self._calls[self._made]
        self._made += 1
        added = [(each["role"], each["content"]) for each in messages[PROMPT_MESSAGES:]]
        if added != [(each.role, each.content) for each in call.added_messages]:
            self.problems.append(f"request {self._made} has other messages than the recorded one")
        if call.failure_code == DEADLINE:
            raise TimeoutError
        if call.text is None:
            raise CallFailed(call.failure_code or "", call.failure_reason or "", retryable=self._is_retried(call))
        return Answer(
            text=call.text,
            reasoning_content=call.reasoning_content,
            provider_model=call.provider_model or "",
            usage=call.usage,
            cut_off=call.cut_off,
        )

    def _is_retried(self, call: ModelCall) -> bool:
        """Whether the agent asked again, or waited for it until the deadline."""
        return self._made < len(self._calls) or self._decision.failure_code != call.failure_code

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


class RecordedClock:
    """Wall time as the record has it; pauses between requests take none."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None
