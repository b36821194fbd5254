"""Days of market time, and wall times that another clock has given."""

from typing import Final

from common.trading.durations import DAY_MS

MAX_SKEW_MS: Final = 60_000
"""The clocks of two machines of an arena differ by less."""


def day_of(market_ms: int) -> int:
    """The UTC day, counted since 1970."""
    return market_ms // DAY_MS


def is_of_another_clock(wall_ms: int, now_ms: int) -> bool:
    """Whether a wall time lies in the future by more than machines differ: the clock has been set back since."""
    return wall_ms > now_ms + MAX_SKEW_MS
