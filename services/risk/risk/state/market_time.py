"""Lengths of market time, and its days."""

from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


def day_of(market_ms: int) -> int:
    """The UTC day, counted since 1970."""
    return market_ms // DAY_MS
