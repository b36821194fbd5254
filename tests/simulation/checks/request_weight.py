"""What the executor asks of the exchange, counted as the exchange does: an address that asks too much is not answered
any more."""

from collections import deque

from common.trading.request_weight import EXECUTOR_PEAK_MINUTES
from simulation.failure import SimulationFailed
from simulator.server.rate_limit import action_weight, info_weight

WINDOW_S = 60.0


class RequestWeight:
    """The weight of the requests of the last minute, of executors that may spend `per_minute` in the long run.

    Each of them counts its own: with a standby, both may have spent within the minute of a takeover.
    """

    def __init__(self, per_minute: int, executors: int) -> None:
        self._most = per_minute * EXECUTOR_PEAK_MINUTES * executors
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._last: dict[str, object] | None = None

    def count(self, path: str, body: dict[str, object], now_s: float, started_s: float) -> None:
        """Counts a request of an executor that was started at a time. Raises SimulationFailed past the budget.

        One that the network delivers twice was asked once.
        """
        if body is self._last:
            return
        self._last = body
        is_action = path.endswith("/exchange")
        weight = action_weight(body["action"]) if is_action else info_weight(str(body["type"]), None)
        self._spent.append((now_s, weight))
        self._sum += weight
        while self._spent[0][0] <= max(now_s - WINDOW_S, started_s):
            self._sum -= self._spent.popleft()[1]
        if self._sum > self._most:
            raise SimulationFailed(f"requests of the weight {self._sum} within a minute")
