"""One decision from one prompt: retries and one re-ask inside a single deadline, behind a breaker and a cost cap."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from structlog.typing import FilteringBoundLogger

from common.agent.parse import InvalidAnswer, Parsed, parse_answer
from common.agent.providers.breaker import Breaker
from common.agent.providers.budget import Budget
from common.agent.providers.port import Answer, CallFailed, Message, ModelClient, error_text
from common.agent.providers.pricing import TokenPrice
from common.events import Outcome, Prompt, RefusedAnswer, TokenUsage
from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from common.trading.instruments import Symbol

CUT_OFF = InvalidAnswer("CUT_OFF", "the answer ended at its limit of tokens before it was whole; write less")
NO_TOKENS = TokenUsage(prompt_tokens=0, completion_tokens=0, cached_tokens=0)


@dataclass(slots=True)
class AskResult:
    """What a request brought. `parsed` is set only when the outcome is answered, `refused_answers` also then.

    `answer` is the last one, also an invalid one; `usage` and `cost_usd` are sums over all attempts.
    """

    outcome: Outcome = Outcome.FAILED
    parsed: Parsed | None = None
    refused_answers: tuple[RefusedAnswer, ...] = ()
    code: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    attempts: int = 0
    usage: TokenUsage | None = None
    cost_usd: Decimal = Decimal(0)

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
        if result.outcome is Outcome.FAILED and result.code != "COST_CAP":
            self._breaker.note_failure(self._clock.monotonic())
        else:
            self._breaker.note_success()
        return result

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
            try:
                answer = await self._client.complete(messages)
                cost_usd = self._price.cost_usd(answer.usage or NO_TOKENS)
                result.cost_usd += cost_usd
                result.usage = _sum(result.usage, answer.usage)
            except CallFailed as error:
                result.fail(error.code, error.reason)
                self._log.warning("model call failed", code=error.code, reason=error.reason, retryable=error.retryable)
                if not error.retryable:
                    return None
            else:
                return answer
            finally:
                await self._budget.settle(most_usd, cost_usd, reserved_ms)
            await self._clock.sleep(pause.next_s())


def _sum(left: TokenUsage | None, right: TokenUsage | None) -> TokenUsage | None:
    if left is None or right is None:
        return right or left
    return TokenUsage(
        prompt_tokens=left.prompt_tokens + right.prompt_tokens,
        completion_tokens=left.completion_tokens + right.completion_tokens,
        cached_tokens=left.cached_tokens + right.cached_tokens,
    )
