"""Days of market time."""

from common.trading.durations import DAY_MS


def day_of(market_ms: int) -> int:
    """The UTC day, counted since 1970."""
    return market_ms // DAY_MS
