"""How much may be asked of the exchange: a token bucket of request weight."""

from typing import Final

from executor.exchange import metrics

ROUTINE_RESERVE: Final = 60.0
"""Weight that routine polls leave for orders, cancellations and questions about an unknown outcome."""
WEIGHTS: Final = {
    "exchange": 1,
    "clearinghouseState": 2,
    "spotClearinghouseState": 2,
    "orderStatus": 2,
    "l2Book": 2,
    "allMids": 2,
    "exchangeStatus": 2,
    "userRole": 60,
}
DEFAULT_WEIGHT: Final = 20
MAX_DEBT_MINUTES: Final = 0.25
"""A burst of trading delays routine polls by no more than that."""
ITEMS_PER_WEIGHT: Final = 20
"""An answer that is a list costs one weight more for that many items."""


def weight_of(kind: str) -> int:
    """The weight of one request. Source: Hyperliquid docs, Rate limits."""
    return WEIGHTS.get(kind, DEFAULT_WEIGHT)


class RequestRateLimiter:
    """At most `per_minute` weight a minute in the long run, and as much at once after a quiet minute.

    It delays nothing by itself. What trades or protects is counted and sent whatever is left; what can wait asks
    `allows_routine` first. Shared by all accounts, as the exchange counts by address of the machine.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._left = float(per_minute)
        self._at_s: float | None = None

    def left(self, now_s: float) -> float:
        """Weight that may be spent at monotonic time `now_s`; below zero while there is debt."""
        if self._at_s is not None:
            self._left = min(float(self.per_minute), self._left + (now_s - self._at_s) * self.per_minute / 60)
        self._at_s = now_s
        return self._left

    def spend(self, weight: float, now_s: float) -> None:
        """Counts a request that is made whatever is left: the debt delays routine polls, never an order."""
        self._left = max(self.left(now_s) - weight, -self.per_minute * MAX_DEBT_MINUTES)
        metrics.WEIGHT_SPENT.inc(weight)

    def allows_routine(self, weight: float, now_s: float) -> bool:
        """Whether a request that can wait may be made now."""
        return self.left(now_s) >= weight + ROUTINE_RESERVE
