"""One decision from one prompt: retries and one re-ask inside a single deadline, behind a breaker and a cost cap."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from structlog.typing import FilteringBoundLogger

from common.agent.parse import MAX_ANSWER_CHARACTERS, InvalidAnswer, Parsed, parse_answer
from common.agent.providers.breaker import Breaker
from common.agent.providers.port import Answer, CallFailed, Message, ModelClient, error_text
from common.agent.providers.spending import Bill, NotAffordable, Spending
from common.events import ChatMessage, ModelCall, Outcome, Prompt, RefusedAnswer, TokenUsage
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.instruments import Symbol

CUT_OFF = InvalidAnswer("CUT_OFF", "the answer ended at its limit of tokens before it was whole; write less")
PROMPT_MESSAGES = 2
INTERRUPTED = "INTERRUPTED"
"""The code of a call that ran when the deadline passed, or when the service stopped."""


@dataclass(slots=True)
class AskResult:
    """What a request brought. `parsed` is set only when the outcome is answered, `refused_answers` also then.

    `answer` is the last one, also an invalid one; `calls` are all requests made, oldest first.
    """

    outcome: Outcome = Outcome.FAILED
    parsed: Parsed | None = None
    refused_answers: tuple[RefusedAnswer, ...] = ()
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    calls: list[ModelCall] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        """How many calls were made."""
        return len(self.calls)

    @property
    def cost_usd(self) -> Decimal:
        """What all calls count as spent, in USD."""
        return sum((call.cost_usd for call in self.calls), Decimal(0))

    @property
    def usage(self) -> TokenUsage | None:
        """The tokens of all calls whose use is known; None where it is known of none."""
        known = [call.usage for call in self.calls if call.usage is not None]
        return _sum(known) if known else None

    def fail(self, code: str, reason: str) -> "AskResult":
        """Records a failure and returns this result."""
        self.outcome, self.code, self.reason = Outcome.FAILED, code, reason
        return self


class DecisionRequester:
    """Asks one model for decisions, one request at a time; the breaker and the spending outlive single requests."""

    def __init__(
        self,
        client: ModelClient,
        spending: Spending,
        clock: Clock,
        *,
        log: FilteringBoundLogger,
        coins: Sequence[Symbol],
        deadline_s: float,
    ) -> None:
        self._client, self._spending, self._clock = client, spending, clock
        self._coins, self._deadline_s = tuple(coins), deadline_s
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
        """The first answer, and after an invalid one a second, asked for with the reason.

        A second one that is invalid, for whatever reason, ends the cycle without a decision: nothing is guessed.
        """
        for is_last in (False, True):
            answer = await self._call(result, messages)
            if answer is None:
                return
            result.answer = answer
            try:
                result.parsed = parse_answer(answer.text, self._coins, messages[0]["content"])
            except InvalidAnswer as refused:
                error = CUT_OFF if answer.cut_off else refused
                result.outcome, result.code, result.reason = Outcome.INVALID, error.code, error.reason
                result.refused_answers += (RefusedAnswer(code=error.code, reason=error_text(error.reason)),)
                if is_last:
                    return
                request = f"That was no valid decision: {error}. Answer again with exactly one JSON object."
                messages += [
                    {"role": "assistant", "content": answer.text[:MAX_ANSWER_CHARACTERS] or "(nothing)"},
                    {"role": "user", "content": request},
                ]
            else:
                result.outcome, result.code, result.reason = Outcome.ANSWERED, None, None
                return

    async def _call(self, result: AskResult, messages: list[Message]) -> Answer | None:
        """One answer, retried while a later attempt may succeed; None when there is none."""
        pause = Backoff(base_s=0.5, cap_s=8, rng=random.Random())
        while True:
            asked_ms = self._clock.now_ms()
            outcome: Answer | CallFailed = _interrupted()
            bill: Bill | None = None
            try:
                async with self._spending.call(messages) as bill:
                    outcome = await self._complete(messages)
                    bill.take(outcome)
            except NotAffordable as error:
                result.fail(error.code, error.reason)
                return None
            finally:
                if bill is not None:
                    result.calls.append(_record(outcome, messages, asked_ms, self._clock.now_ms(), bill))
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
    outcome: Answer | CallFailed, messages: list[Message], asked_ms: int, answered_ms: int, bill: Bill
) -> ModelCall:
    """One call as the decision keeps it."""
    added = tuple(ChatMessage(**message) for message in messages[PROMPT_MESSAGES:])
    if isinstance(outcome, CallFailed):
        return ModelCall(
            asked_ms=asked_ms,
            answered_ms=answered_ms,
            added_messages=added,
            body=outcome.body,
            cost_usd=bill.cost_usd,
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
        usage=bill.usage,
        cost_usd=bill.cost_usd,
    )


def _sum(usages: Sequence[TokenUsage]) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=sum(each.prompt_tokens for each in usages),
        completion_tokens=sum(each.completion_tokens for each in usages),
        cached_tokens=sum(each.cached_tokens for each in usages),
    )
