"""A circuit breaker: after too many failures in a window, no call for a while; then one trial."""


class Breaker:
    """Times are seconds of a monotonic clock, given by the caller."""

    def __init__(self, *, max_failures: int = 5, window_s: float = 60.0, pause_s: float = 60.0) -> None:
        self._max_failures, self._window_s, self._pause_s = max_failures, window_s, pause_s
        self._failed_at_s: list[float] = []
        self._opened_at_s: float | None = None

    def is_open(self, now_s: float) -> bool:
        """Whether a call must not be made. Once the pause is over one call may try; its failure opens it again."""
        return self._opened_at_s is not None and now_s - self._opened_at_s < self._pause_s

    def note_failure(self, now_s: float) -> None:
        self._failed_at_s = [at for at in self._failed_at_s if now_s - at < self._window_s] + [now_s]
        if self._opened_at_s is not None or len(self._failed_at_s) >= self._max_failures:
            self._opened_at_s = now_s

    def note_success(self) -> None:
        self._failed_at_s = []
        self._opened_at_s = None
