"""A circuit breaker: after too many failed calls no call is made for a while, then one as a trial."""


class Breaker:
    """*Closed* → *open* at `max_failures` within `window_s` → after `pause_s` one trial call → *closed* or *open*.

    It counts calls, not decisions, and the window spans several cycles of any length. Times are seconds of a monotonic
    clock, given by the caller. One caller asks `is_open` before each call and notes its result after it; a failure
    while open, which only a trial can have, starts the pause again.
    """

    def __init__(self, *, max_failures: int = 8, window_s: float = 600.0, pause_s: float = 30.0) -> None:
        self._max_failures, self._window_s, self._pause_s = max_failures, window_s, pause_s
        self._failed_at_s: list[float] = []
        self._opened_at_s: float | None = None

    def is_open(self, now_s: float) -> bool:
        """Whether no call may be made now."""
        return self._opened_at_s is not None and now_s - self._opened_at_s < self._pause_s

    def note_failure(self, now_s: float) -> None:
        """Counts a failure."""
        self._failed_at_s = [at for at in self._failed_at_s if now_s - at < self._window_s] + [now_s]
        if self._opened_at_s is not None or len(self._failed_at_s) >= self._max_failures:
            self._opened_at_s = now_s

    def note_success(self) -> None:
        """Closes the breaker and forgets the failures."""
        self._failed_at_s = []
        self._opened_at_s = None
