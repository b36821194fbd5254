"""Market time: the newest exchange time, carried on by the time elapsed since it came."""


class MarketTime:
    """Never runs backwards; stands still before anything was heard, and while the connection is down it goes on."""

    def __init__(self) -> None:
        self._exchange_ms = 0
        self._heard_at_s = 0.0

    def hear(self, exchange_ms: int, monotonic_s: float) -> None:
        """Notes the newest exchange time and when it came."""
        if exchange_ms > self.now_ms(monotonic_s):
            self._exchange_ms, self._heard_at_s = exchange_ms, monotonic_s

    def now_ms(self, monotonic_s: float) -> int:
        """Market time in ms, or 0 when nothing was heard yet."""
        if not self._exchange_ms:
            return 0
        return self._exchange_ms + round((monotonic_s - self._heard_at_s) * 1000)
