"""The system clock: the only place where it is read."""

import time


def now_ms() -> int:
    """Wall time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
