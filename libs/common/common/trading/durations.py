"""Lengths of time in milliseconds, and a time before all others."""

from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
NEVER: Final = float("-inf")
"""A time in seconds before all others: of what has not happened yet."""
