"""The only reader of the system clock in the simulator."""

import time


def now_ms() -> int:
    """Wall time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
