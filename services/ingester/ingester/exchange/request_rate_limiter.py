"""The exchange's request budget: weight per minute."""

from collections import deque

from common.runtime.clock import Clock
from common.runtime.metrics import exchange as metrics

WINDOW_S = 60.0


class RequestRateLimiter:
    """Weight spent over any minute stays within the limit; a single larger request waits for an empty minute."""

    def __init__(self, weight_per_minute: int, clock: Clock) -> None:
        self._limit, self._clock = weight_per_minute, clock
        metrics.WEIGHT_LIMIT.set(weight_per_minute)
        self._spent: deque[tuple[float, float]] = deque()

    async def acquire(self, weight: float) -> None:
        """Waits until `weight` is free, then spends it."""
        while self._weight_in_window() + weight > self._limit and self._spent:
            await self._clock.sleep(max(0.0, self._spent[0][0] + WINDOW_S - self._clock.monotonic()))
        self._spent.append((self._clock.monotonic(), weight))
        metrics.WEIGHT_SPENT.inc(weight)

    def _weight_in_window(self) -> float:
        while self._spent and self._spent[0][0] <= self._clock.monotonic() - WINDOW_S:
            self._spent.popleft()
        return sum(weight for _, weight in self._spent)
