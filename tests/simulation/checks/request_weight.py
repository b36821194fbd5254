"""What the executor asks of the exchange, counted as the exchange does: an address that asks too much is not answered
any more."""

from collections import deque

from simulation.failure import SimulationFailed
from simulator.server.rate_limit import action_weight, info_weight

WINDOW_S = 60.0
MOST_MINUTES, MOST_MINUTES_AT_START = 1.65, 2.15
"""Of what is allowed a minute: what was saved up, what came in meanwhile, and debt. At the default of 480 that is 792,
and the ingester takes 400 of the 1,200 that there are."""


class RequestWeight:
    """The weight of the requests of the last minute, of executors that may spend `per_minute` in the long run."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def count(self, path: str, body: dict[str, object], now_s: float, started_s: float) -> None:
        """Counts a request of an executor that was started at a time. Raises SimulationFailed past the budget."""
        is_action = path.endswith("/exchange")
        weight = action_weight(body["action"]) if is_action else info_weight(str(body["type"]), None)
        self._spent.append((now_s, weight))
        self._sum += weight
        while self._spent[0][0] <= max(now_s - WINDOW_S, started_s):
            self._sum -= self._spent.popleft()[1]
        has_start = now_s - started_s < 2 * WINDOW_S
        if self._sum > self._per_minute * (MOST_MINUTES_AT_START if has_start else MOST_MINUTES):
            raise SimulationFailed(f"requests of the weight {self._sum} within a minute")
