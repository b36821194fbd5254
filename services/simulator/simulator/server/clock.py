"""The system clock, the only place where it is read; and the clock of a market that runs faster."""

import time
from typing import Final

from simulator.market.market import Market

LONGEST_MS: Final = 1_000


def now_ms() -> int:
    """Wall time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class FastClock:
    """Market time at `speed` times wall time, from the market's own time at `began_ms`.

    It is ahead of the market's last step by a second of wall time at most: what a busy machine misses beyond that is
    not made up, since the steps that make it up would keep the machine busy.
    """

    def __init__(self, market: Market, speed: float, began_ms: int) -> None:
        self._market, self._speed = market, speed
        self._market_ms, self._wall_ms = market.time_ms, began_ms

    def __call__(self, wall_ms: int) -> int:
        time_ms = self._market_ms + round((wall_ms - self._wall_ms) * self._speed)
        most_ms = self._market.time_ms + round(LONGEST_MS * self._speed)
        if time_ms > most_ms:
            time_ms = self._market_ms = most_ms
            self._wall_ms = wall_ms
        return time_ms
