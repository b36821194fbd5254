"""One decision from one prompt: retries and one re-ask inside a single deadline, behind a breaker and a cost cap."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from structlog.typing import FilteringBoundLogger

from common.agent.parse import InvalidAnswer, Parsed, parse_answer
from common.agent.providers.breaker import Breaker
from common.agent.providers.port import Answer, CallFailed, Message, ModelClient
from common.agent.providers.spending import Bill, NotAffordable, Spending
from common.events import Outcome, Prompt, TokenUsage
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.instruments import Symbol

NOT_THE_MODELS: Final = ("COST_CAP", "NO_BUDGET")
"""Failures without a call, which say nothing about the model."""


@dataclass(slots=True)
class AskResult:
    """What a request brought. `parsed` is set only when the outcome is answered.

    `answer` is the last one, also an invalid one; `bills` are those of all attempts, oldest first.
    """

    outcome: Outcome = Outcome.FAILED
    parsed: Parsed | None = None
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    bills: list[Bill] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        """How many calls were made."""
        return len(self.bills)

    @property
    def cost_usd(self) -> Decimal:
        """What all attempts count as spent, in USD."""
        return sum((bill.cost_usd for bill in self.bills), Decimal(0))

    @property
    def usage(self) -> TokenUsage | None:
        """The tokens of all attempts whose use is known; None where it is of none."""
        known = [bill.usage for bill in self.bills if bill.usage is not None]
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

    async def ask(self, prompt: Prompt) -> AskResult:
        """Asks within the deadline; whatever goes wrong is in the result, not raised."""
        result = AskResult()
        if self._breaker.is_open(self._clock.monotonic()):
            return result.fail("BREAKER_OPEN", "the model has failed too often; the next call is made after a pause")
        messages: list[Message] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._converse(result, messages)
        except TimeoutError:
            result.fail("DEADLINE", f"no valid answer within {self._deadline_s:g} s")
        if result.outcome is Outcome.FAILED and result.code not in NOT_THE_MODELS:
            self._breaker.note_failure(self._clock.monotonic())
        else:
            self._breaker.note_success()
        return result

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
        while True:
            try:
                async with self._spending.call(messages) as bill:
                    result.bills.append(bill)
                    answer = await self._client.complete(messages)
                    bill.usage = answer.usage
            except NotAffordable as error:
                result.fail(error.code, error.reason)
                return None
            except CallFailed as error:
                result.fail(error.code, error.reason)
                self._log.warning("model call failed", code=error.code, reason=error.reason, retryable=error.retryable)
                if not error.retryable:
                    return None
            else:
                return answer
            await self._clock.sleep(pause.next_s())


def _sum(usages: Sequence[TokenUsage]) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=sum(each.prompt_tokens for each in usages),
        completion_tokens=sum(each.completion_tokens for each in usages),
        cached_tokens=sum(each.cached_tokens for each in usages),
    )
