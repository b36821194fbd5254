"""What the executor asks of the exchange, counted as the exchange does: an address that asks too much is not answered
any more."""

from collections import deque

from simulation.failure import SimulationFailed
from simulator.server.rate_limit import WEIGHT_A_MINUTE, action_weight, info_weight

INGESTER_WEIGHT = 400
"""What the ingester may ask for in a minute, at the same address."""
WINDOW_S = 60.0


class RequestWeight:
    """The weight of the requests of the last minute, and `most`, the highest once the executor's start is past."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = self.most = 0

    def count(self, path: str, body: dict[str, object], now_s: float, started_s: float) -> None:
        """Counts a request of an executor that was started at a time. Raises SimulationFailed past the budget: all that
        an address gets while the minute holds some of the start, which asks for much, and later what the ingester
        leaves."""
        is_action = path.endswith("/exchange")
        weight = action_weight(body["action"]) if is_action else info_weight(str(body["type"]), None)
        self._spent.append((now_s, weight))
        self._sum += weight
        while self._spent[0][0] <= max(now_s - WINDOW_S, started_s):
            self._sum -= self._spent.popleft()[1]
        is_first = now_s - started_s < 2 * WINDOW_S
        if not is_first:
            self.most = max(self.most, self._sum)
        if self._sum > (WEIGHT_A_MINUTE if is_first else WEIGHT_A_MINUTE - INGESTER_WEIGHT):
            raise SimulationFailed(f"requests of the weight {self._sum} within a minute, {now_s - started_s:.0f} s old")
