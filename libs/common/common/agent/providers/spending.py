"""What calls to one model cost: each sets aside the most it can cost, and is settled at the most it can have cost."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.agent.providers.budget import Budget, BudgetUnreachable
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.pricing import Price, is_credible
from common.events import TokenUsage
from common.runtime.clock import Clock

BILLED_WITHIN_MS: Final = 20 * 60_000
"""A provider bills a call by its own clock, and generates on after a caller has left: within this of its start."""
NOTHING: Final = Decimal(0)


class NotAffordable(Exception):
    """A call that must not be made; `code` is COST_CAP, or NO_BUDGET while the day's sum can't be read."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(slots=True)
class Bill:
    """One call. `cost_usd` is what counts as spent, the most until it has ended; `usage` what it used, where known."""

    cost_usd: Decimal
    usage: TokenUsage | None = None
    nothing_billed: bool = False

    def take(self, outcome: Answer | CallFailed) -> None:
        """Takes from what the call brought how much it used, or that it cost nothing."""
        if isinstance(outcome, CallFailed):
            self.nothing_billed = outcome.nothing_billed
        elif outcome.usage is not None and is_credible(outcome.usage):
            self.usage = outcome.usage


class Spending:
    """The spending on one contender's model, within one budget, at one price."""

    def __init__(self, budget: Budget, price: Price, clock: Clock, *, max_output_tokens: int) -> None:
        self._budget, self._price, self._clock = budget, price, clock
        self._max_output_tokens = max_output_tokens

    @asynccontextmanager
    async def call(self, messages: Sequence[Message]) -> AsyncIterator[Bill]:
        """One call, made inside, where its bill takes what it brought. Raises NotAffordable instead of entering.

        A call costs what its usage says. One without a credible usage costs its reservation, also when it failed or was
        cancelled, unless its failure proves that nothing was billed.
        """
        now_ms = self._clock.now_ms()
        price = self._price.between(now_ms - BILLED_WITHIN_MS, now_ms + BILLED_WITHIN_MS)
        most_usd = price.most_usd([message["content"] for message in messages], self._max_output_tokens)
        try:
            reservation = await self._budget.reserve(most_usd, now_ms)
        except BudgetUnreachable as error:
            raise NotAffordable("NO_BUDGET", f"the day's spending can't be read from Redis: {error}") from error
        if reservation is None:
            left_usd = self._budget.left_usd(now_ms)
            reason = f"a call may cost {most_usd:.4f} USD, {left_usd:.4f} are left of the day; see DAILY_COST_CAP_USD"
            raise NotAffordable("COST_CAP", reason)
        bill = Bill(reservation.usd)
        try:
            yield bill
        finally:
            if bill.nothing_billed:
                bill.cost_usd = NOTHING
            elif bill.usage is not None:
                bill.cost_usd = price.cost_usd(bill.usage)
            await self._budget.settle(reservation, bill.cost_usd)
