"""Market time: the newest exchange time plus the time elapsed since it came."""

CARRY_LIMIT_MS = 5_000


class MarketTime:
    """Never runs backwards, and at most CARRY_LIMIT_MS past the newest exchange time.

    Between messages it advances with the monotonic clock. Without a feed it stops at the limit, so that a market that
    an outage has frozen can continue where it stopped. When the feed returns with an exchange time below the one shown
    last, market time holds still until the exchange has caught up.
    """

    def __init__(self) -> None:
        self._newest_ms = self._floor_ms = self._anchor_ms = 0
        self._anchored_at_s = 0.0

    def observe(self, exchange_ms: int, monotonic_s: float) -> None:
        """Takes an exchange time and when it came; 0 stands for none."""
        carried_ms = self._carried_ms(monotonic_s)
        was_at_limit = carried_ms > self._newest_ms + CARRY_LIMIT_MS
        if exchange_ms > carried_ms or (was_at_limit and exchange_ms):
            self._floor_ms = self.now_ms(monotonic_s)
            self._anchor_ms, self._anchored_at_s = exchange_ms, monotonic_s
        self._newest_ms = max(self._newest_ms, exchange_ms)

    def now_ms(self, monotonic_s: float) -> int:
        """Market time in ms, or 0 before the first exchange time."""
        if not self._newest_ms:
            return 0
        return max(self._floor_ms, min(self._carried_ms(monotonic_s), self._newest_ms + CARRY_LIMIT_MS))

    def _carried_ms(self, monotonic_s: float) -> int:
        return self._anchor_ms + round((monotonic_s - self._anchored_at_s) * 1000) if self._anchor_ms else 0
