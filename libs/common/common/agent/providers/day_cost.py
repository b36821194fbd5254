"""What a day of decisions costs, as far as that is known before the first one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from common.agent.providers.pricing import FREE, Price
from common.events import TokenUsage
from common.trading.durations import DAY_MS

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class TypicalCall:
    """The tokens of a usual call, cached ones among the prompt's, and the bytes of its prompt (bench/tokens.py)."""

    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int
    prompt_bytes: int

    def without_cache(self) -> "TypicalCall":
        """The same call where the provider's cache serves nothing."""
        return replace(self, cached_tokens=0)


@dataclass(frozen=True, slots=True)
class DayCost:
    """USD of a working day with and without the provider's cache, and the most that a single call can cost."""

    usd: Decimal
    uncached_usd: Decimal
    most_per_call_usd: Decimal

    def describe(self, *, interval_s: int, cap_usd: Decimal) -> tuple[str, bool]:
        """One line for people, and whether the cap lets the contender be asked all day."""
        if self.most_per_call_usd == 0:
            return "the model costs nothing", True
        about = f"a day at {interval_s} s costs about {self.usd:.2f} USD, {self.uncached_usd:.2f} without a cache"
        cap = f"DAILY_COST_CAP_USD={cap_usd:f}"
        if cap_usd < self.most_per_call_usd:
            return f"{about}; {cap} is below one call ({self.most_per_call_usd:.4f}): the model is never asked", False
        if cap_usd < self.uncached_usd:
            hours = HOURS * cap_usd / self.uncached_usd
            return (
                f"{about}; {cap} may be reached after {hours:.0f} h, and the model is not asked until midnight",
                False,
            )
        return f"{about}; {cap} holds it", True


def day_cost(
    price: Price, call: TypicalCall, *, interval_s: int, max_output_tokens: int, thinking_tokens: int
) -> DayCost:
    """The cost of a working day. A model that thinks is taken to use its whole budget of thinking tokens."""
    if price == FREE:
        return DayCost(Decimal(0), Decimal(0), Decimal(0))
    thinking = replace(call, answer_tokens=call.answer_tokens + thinking_tokens)
    return DayCost(
        day_usd(price, thinking, interval_s=interval_s),
        day_usd(price, thinking.without_cache(), interval_s=interval_s),
        price.peak.most_usd(["x" * call.prompt_bytes], max_output_tokens),
    )


def day_usd(price: Price, call: TypicalCall, *, interval_s: int, is_working_day: bool = True) -> Decimal:
    """A day of such calls, in USD; on a working day part of it is at the peak price, where there is one."""
    usage = TokenUsage(
        prompt_tokens=call.prompt_tokens, completion_tokens=call.answer_tokens, cached_tokens=call.cached_tokens
    )
    calls_per_hour = Decimal(DAY_MS // HOURS) / (interval_s * 1000)
    hours = _peak_hours(price.peak_hours.hours if price.peak_hours else ()) if is_working_day else 0
    off_peak = price.off_peak or price.peak
    return calls_per_hour * (hours * price.peak.cost_usd(usage) + (HOURS - hours) * off_peak.cost_usd(usage))


def _peak_hours(hours: Iterable[tuple[int, int]]) -> int:
    return sum(end - first for first, end in hours)
