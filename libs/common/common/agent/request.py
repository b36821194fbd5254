"""One decision from one prompt: retries and one re-ask inside a single deadline, behind a breaker and a cost cap."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from structlog.typing import FilteringBoundLogger

from common.agent.parse import InvalidAnswer, Parsed, parse_answer
from common.agent.providers.breaker import Breaker
from common.agent.providers.budget import Budget
from common.agent.providers.port import Answer, CallFailed, Message, ModelClient
from common.agent.providers.pricing import TokenPrice
from common.events import ChatMessage, ModelCall, Outcome, Prompt, TokenUsage
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.instruments import Symbol

NO_TOKENS = TokenUsage(prompt_tokens=0, completion_tokens=0, cached_tokens=0)
PROMPT_MESSAGES = 2
INTERRUPTED = "INTERRUPTED"
"""The code of a call that ran when the deadline passed, or when the service stopped."""


@dataclass(slots=True)
class AskResult:
    """What a request brought. `parsed` is set only when the outcome is answered.

    `answer` is the last one, also an invalid one; `usage` and `cost_usd` are sums over all attempts. `calls` are all
    requests made, oldest first.
    """

    outcome: Outcome = Outcome.FAILED
    parsed: Parsed | None = None
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    attempts: int = 0
    usage: TokenUsage | None = None
    cost_usd: Decimal = Decimal(0)
    calls: list[ModelCall] = field(default_factory=list)

    def fail(self, code: str, reason: str) -> "AskResult":
        """Records a failure and returns this result."""
        self.outcome, self.code, self.reason = Outcome.FAILED, code, reason
        return self


class DecisionRequester:
    """Asks one model for decisions, one request at a time; the breaker and the budget outlive single requests.

    Every call reserves the most it can cost, and settles at what its answer cost; one without an answer, also one that
    the deadline or a stop cancelled, settles at nothing.
    """

    def __init__(
        self,
        client: ModelClient,
        budget: Budget,
        price: TokenPrice,
        clock: Clock,
        *,
        log: FilteringBoundLogger,
        coins: Sequence[Symbol],
        deadline_s: float,
        max_output_tokens: int,
    ) -> None:
        self._client, self._budget, self._price, self._clock = client, budget, price, clock
        self._coins, self._deadline_s, self._max_output_tokens = tuple(coins), deadline_s, max_output_tokens
        self._log = log
        self._breaker = Breaker()
        self._last_failure = ""

    async def ask(self, prompt: Prompt) -> AskResult:
        """Asks within the deadline; whatever goes wrong is in the result, not raised."""
        result = AskResult()
        if self._breaker.is_open(self._clock.monotonic()):
            return result.fail("BREAKER_OPEN", f"a pause after too many failed calls; the last: {self._last_failure}")
        messages: list[Message] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._converse(result, messages)
        except TimeoutError:
            self._end_at_deadline(result)
        return result

    def _end_at_deadline(self, result: AskResult) -> None:
        """Records why there is no decision: what went wrong before the deadline, if anything did, else the deadline."""
        if result.calls and result.calls[-1].failure_code == INTERRUPTED:
            self._note_failure("DEADLINE", f"no answer within {self._deadline_s:g} s")
        if result.code is None:
            result.fail("DEADLINE", f"no valid answer within {self._deadline_s:g} s")
        else:
            result.reason = f"until the deadline of {self._deadline_s:g} s: {result.reason}"

    def _note_failure(self, code: str, reason: str) -> None:
        self._last_failure = f"{code}: {reason}"
        self._breaker.note_failure(self._clock.monotonic())

    async def _converse(self, result: AskResult, messages: list[Message]) -> None:
        """The first answer, and after an invalid one a second, asked for with the error."""
        for is_last in (False, True):
            answer = await self._call(result, messages)
            if answer is None:
                return
            result.answer = answer
            try:
                result.parsed = parse_answer(answer.text, self._coins)
            except InvalidAnswer as error:
                code = "CUT_OFF" if answer.cut_off else error.code
                result.outcome, result.code, result.reason = Outcome.INVALID, code, error.reason
                if is_last:
                    return
                request = f"That was no valid decision: {error}. Answer again with exactly one JSON object."
                messages += [
                    {"role": "assistant", "content": answer.text or "(nothing)"},
                    {"role": "user", "content": request},
                ]
            else:
                result.outcome, result.code, result.reason = Outcome.ANSWERED, None, None
                return

    async def _call(self, result: AskResult, messages: list[Message]) -> Answer | None:
        """One answer, retried while a later attempt may succeed; None when there is none."""
        pause = Backoff(base_s=0.5, cap_s=8, rng=random.Random())
        characters = sum(len(message["content"]) for message in messages)
        most_usd = self._price.most_usd(characters, self._max_output_tokens)
        while True:
            reserved_ms = self._clock.now_ms()
            if not await self._budget.reserve(most_usd, reserved_ms):
                result.fail("COST_CAP", "the day's cost cap is reached; see DAILY_COST_CAP_USD")
                return None
            result.attempts += 1
            cost_usd = Decimal(0)
            outcome: Answer | CallFailed = _interrupted()
            try:
                outcome = await self._complete(messages)
                if isinstance(outcome, Answer):
                    cost_usd = self._price.cost_usd(outcome.usage or NO_TOKENS)
                    result.cost_usd += cost_usd
                    result.usage = _sum(result.usage, outcome.usage)
            finally:
                result.calls.append(_record(outcome, messages, reserved_ms, self._clock.now_ms(), cost_usd))
                await self._budget.settle(most_usd, cost_usd, reserved_ms)
            if isinstance(outcome, Answer):
                self._breaker.note_success()
                return outcome
            self._note_failure(outcome.code, outcome.reason)
            result.fail(outcome.code, outcome.reason)
            self._log.warning(
                "model call failed", code=outcome.code, reason=outcome.reason, retryable=outcome.retryable
            )
            if not outcome.retryable or self._breaker.is_open(self._clock.monotonic()):
                return None
            await self._clock.sleep(pause.next_s())

    async def _complete(self, messages: list[Message]) -> Answer | CallFailed:
        """What one call brought. Any other exception than CallFailed is a mistake in the client, and a failed call."""
        try:
            return await self._client.complete(messages)
        except CallFailed as failed:
            return failed
        except Exception as error:
            self._log.exception("a model client failed unexpectedly")
            return CallFailed("CLIENT_ERROR", f"{type(error).__name__}: {error}", retryable=False)


def _interrupted() -> CallFailed:
    return CallFailed(INTERRUPTED, "the call was ended by the deadline or a stop", retryable=False)


def _record(
    outcome: Answer | CallFailed, messages: list[Message], asked_ms: int, answered_ms: int, cost_usd: Decimal
) -> ModelCall:
    """One call as the decision keeps it."""
    added = tuple(ChatMessage(**message) for message in messages[PROMPT_MESSAGES:])
    if isinstance(outcome, CallFailed):
        return ModelCall(
            asked_ms=asked_ms,
            answered_ms=answered_ms,
            added_messages=added,
            body=outcome.body,
            cost_usd=cost_usd,
            failure_code=outcome.code,
            failure_reason=outcome.reason,
        )
    return ModelCall(
        asked_ms=asked_ms,
        answered_ms=answered_ms,
        added_messages=added,
        body=outcome.body,
        text=outcome.text,
        reasoning_content=outcome.reasoning_content,
        cut_off=outcome.cut_off,
        provider_model=outcome.provider_model,
        usage=outcome.usage,
        cost_usd=cost_usd,
    )


def _sum(left: TokenUsage | None, right: TokenUsage | None) -> TokenUsage | None:
    if left is None or right is None:
        return right or left
    return TokenUsage(
        prompt_tokens=left.prompt_tokens + right.prompt_tokens,
        completion_tokens=left.completion_tokens + right.completion_tokens,
        cached_tokens=left.cached_tokens + right.cached_tokens,
    )
