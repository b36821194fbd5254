"""One question, one answer: retries and one re-ask inside a single deadline, behind a breaker and a cost cap."""

import asyncio
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.agent.breaker import Breaker
from common.agent.budget import Budget
from common.agent.client import Answer, CallFailed, Message, ModelClient
from common.agent.parse import InvalidAnswer, Parsed, parse_answer
from common.agent.profile import TokenPrice
from common.events import Outcome, Prompt, TokenUsage
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock

NO_TOKENS = TokenUsage(prompt_tokens=0, completion_tokens=0, cached_tokens=0)


@dataclass(slots=True)
class Asked:
    """What came of it. `parsed` is set only when the outcome is answered; money in USD."""

    outcome: Outcome = Outcome.FAILED
    parsed: Parsed | None = None
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    attempts: int = 0
    usage: TokenUsage | None = None
    cost_usd: Decimal = Decimal(0)
    notes: list[str] = field(default_factory=list)

    def fail(self, code: str, reason: str) -> "Asked":
        self.outcome, self.code, self.reason = Outcome.FAILED, code, reason
        return self


class Asker:
    """Asks one model. The breaker and the budget outlive single questions."""

    def __init__(
        self,
        client: ModelClient,
        budget: Budget,
        price: TokenPrice,
        clock: Clock,
        *,
        log: Any,
        deadline_s: float,
        max_answer_tokens: int,
    ) -> None:
        self._client, self._budget, self._price, self._clock = client, budget, price, clock
        self._deadline_s, self._max_answer_tokens = deadline_s, max_answer_tokens
        self._log = log
        self._breaker = Breaker()

    async def ask(self, prompt: Prompt) -> Asked:
        """Asks within the deadline; whatever goes wrong is in the result, not raised."""
        asked = Asked()
        if self._breaker.is_open(self._clock.monotonic()):
            return asked.fail("BREAKER_OPEN", "the model has failed too often; the next call is made after a pause")
        messages: list[Message] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._converse(asked, messages)
        except TimeoutError:
            asked.fail("DEADLINE", f"no valid answer within {self._deadline_s:g} s")
        if asked.outcome is Outcome.FAILED and asked.code != "COST_CAP":
            self._breaker.note_failure(self._clock.monotonic())
        else:
            self._breaker.note_success()
        return asked

    async def _converse(self, asked: Asked, messages: list[Message]) -> None:
        """The first answer, and after an invalid one a second with the error told."""
        for is_last in (False, True):
            answer = await self._call(asked, messages)
            if answer is None:
                return
            asked.answer = answer
            try:
                asked.parsed = parse_answer(answer.text)
            except InvalidAnswer as error:
                code = "CUT_OFF" if answer.cut_off else error.code
                asked.outcome, asked.code, asked.reason = Outcome.INVALID, code, error.reason
                if is_last:
                    return
                complaint = f"That was no valid decision: {error}. Answer again with exactly one JSON object."
                messages += [
                    {"role": "assistant", "content": answer.text or "(nothing)"},
                    {"role": "user", "content": complaint},
                ]
            else:
                asked.outcome, asked.code, asked.reason = Outcome.ANSWERED, None, None
                return

    async def _call(self, asked: Asked, messages: list[Message]) -> Answer | None:
        """One answer, retried while the failure is of the passing kind; None when there is none."""
        pause = Backoff(base_s=0.5, cap_s=8, rng=random.Random())
        characters = sum(len(message["content"]) for message in messages)
        most = self._price.most_usd(characters, self._max_answer_tokens)
        while True:
            reserved_ms = self._clock.now_ms()
            if not await self._budget.reserve(most, reserved_ms):
                asked.fail("COST_CAP", "the day's cost cap is reached; see DAILY_COST_CAP_USD")
                return None
            asked.attempts += 1
            cost = Decimal(0)
            try:
                answer = await self._client.complete(messages)
                cost = self._price.cost_usd(answer.usage or NO_TOKENS)
                asked.cost_usd += cost
                asked.usage = _sum(asked.usage, answer.usage)
            except CallFailed as error:
                asked.fail(error.code, error.reason)
                self._log.warning(
                    "no answer from the model", code=error.code, reason=error.reason, again=error.retryable
                )
                if not error.retryable:
                    return None
            else:
                return answer
            finally:
                await self._budget.settle(most, cost, reserved_ms)
            await self._clock.sleep(pause.next_s())


def _sum(left: TokenUsage | None, right: TokenUsage | None) -> TokenUsage | None:
    if left is None or right is None:
        return right or left
    return TokenUsage(
        prompt_tokens=left.prompt_tokens + right.prompt_tokens,
        completion_tokens=left.completion_tokens + right.completion_tokens,
        cached_tokens=left.cached_tokens + right.cached_tokens,
    )
