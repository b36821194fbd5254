"""Unreadable frames are all counted and seldom logged."""

from ingester_frames import RecordedLog
from manual_clock import ManualClock

from ingester import metrics
from ingester.exchange.throttled_warnings import LOG_EVERY_S, SHOWN_CHARACTERS, ThrottledWarnings


def count() -> float:
    return metrics.UNREADABLE_FRAMES._value.get()


def test_each_is_counted_and_one_in_ten_seconds_is_logged() -> None:
    clock, log, before = ManualClock(), RecordedLog(), count()
    warnings = ThrottledWarnings(clock, log)
    for _ in range(3):
        warnings.report_unreadable("x" * 1_000)
    assert len(log.lines) == 1
    clock.ms += round(LOG_EVERY_S * 1000)
    warnings.report_unreadable("again")
    assert [context["reason"] for _, _, context in log.lines] == ["x" * SHOWN_CHARACTERS, "again"]
    assert count() - before == 4
