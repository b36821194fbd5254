"""Unreadable frames: each counted, one in ten seconds logged, so that a changed format can't flood the log."""

from structlog.typing import FilteringBoundLogger

from common.runtime.clock import Clock
from common.trading.durations import NEVER
from ingester import metrics

LOG_EVERY_S = 10.0
SHOWN_CHARACTERS = 200


class ThrottledWarnings:
    """Where skipped frames are reported."""

    def __init__(self, clock: Clock, log: FilteringBoundLogger) -> None:
        self._clock, self._log = clock, log
        self._logged_at_s = NEVER

    def report_unreadable(self, reason: str) -> None:
        """Counts one skipped frame and logs it unless another was logged within LOG_EVERY_S."""
        metrics.UNREADABLE_FRAMES.inc()
        now_s = self._clock.monotonic()
        if now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            self._log.error("an unreadable frame was skipped", reason=reason[:SHOWN_CHARACTERS])
