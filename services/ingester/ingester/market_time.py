"""Market time: the newest exchange time, carried on by the time elapsed since it came."""

CARRY_LIMIT_MS = 5_000


class MarketTime:
    """Never runs backwards. Runs at most a few seconds past the newest exchange time: without a feed it stands still,
    so that a market frozen by an outage can go on where it stopped."""

    def __init__(self) -> None:
        self._newest_ms = self._floor_ms = self._anchor_ms = 0
        self._anchored_at_s = 0.0

    def hear(self, exchange_ms: int, monotonic_s: float) -> None:
        """Notes an exchange time and when it came."""
        carried_ms = self._carried_ms(monotonic_s)
        stood_still = carried_ms > self._newest_ms + CARRY_LIMIT_MS
        if exchange_ms > carried_ms or (stood_still and exchange_ms):
            self._floor_ms = self.now_ms(monotonic_s)
            self._anchor_ms, self._anchored_at_s = exchange_ms, monotonic_s
        self._newest_ms = max(self._newest_ms, exchange_ms)

    def now_ms(self, monotonic_s: float) -> int:
        """Market time in ms, or 0 when nothing was heard yet."""
        if not self._newest_ms:
            return 0
        return max(self._floor_ms, min(self._carried_ms(monotonic_s), self._newest_ms + CARRY_LIMIT_MS))

    def _carried_ms(self, monotonic_s: float) -> int:
        return self._anchor_ms + round((monotonic_s - self._anchored_at_s) * 1000) if self._anchor_ms else 0
