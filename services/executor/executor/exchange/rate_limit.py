"""How much may be asked of the exchange: a bucket of request weight that refills with time."""

from executor.exchange import metrics

ROUTINE_RESERVE = 60.0
"""Weight that routine looks leave for orders, cancellations and questions about an unknown outcome."""

WEIGHTS = {
    "exchange": 1,
    "clearinghouseState": 2,
    "orderStatus": 2,
    "l2Book": 2,
    "allMids": 2,
    "userRole": 60,
}
DEFAULT_WEIGHT = 20
MAX_DEBT_MINUTES = 0.25
"""A burst of trading delays routine looks by no more than that."""
ITEMS_PER_WEIGHT = 20


def weight_of(kind: str) -> int:
    """The weight of one request. Source: Hyperliquid docs, Rate limits."""
    return WEIGHTS.get(kind, DEFAULT_WEIGHT)


class WeightBudget:
    """At most `per_minute` weight a minute in the long run, and as much at once after a quiet minute."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._left = float(per_minute)
        self._at_s: float | None = None

    def left(self, now_s: float) -> float:
        """What may be spent now; `now_s` is monotonic."""
        if self._at_s is not None:
            self._left = min(float(self.per_minute), self._left + (now_s - self._at_s) * self.per_minute / 60)
        self._at_s = now_s
        return self._left

    def spend(self, weight: float, now_s: float) -> None:
        """Counts a request that is made whatever is left: the debt delays routine looks, never an order."""
        self._left = max(self.left(now_s) - weight, -self.per_minute * MAX_DEBT_MINUTES)
        metrics.WEIGHT_SPENT.inc(weight)

    def allows_routine(self, weight: float, now_s: float) -> bool:
        """Whether a look that can wait may be made now."""
        return self.left(now_s) >= weight + ROUTINE_RESERVE
