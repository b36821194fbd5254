"""Which alerts are sent: severity, repeats, ends."""

from common.events import AlertSeverity, SystemAlert
from common.trading.durations import MINUTE_MS
from notifier.domain.alerts import AlertFilter

CRITICAL, WARNING, INFO = AlertSeverity.CRITICAL, AlertSeverity.WARNING, AlertSeverity.INFO


def alert(
    code: str = "HALTED",
    severity: AlertSeverity = CRITICAL,
    model: str | None = "qwen",
    service: str = "executor",
    **figures: str,
) -> SystemAlert:
    return SystemAlert(code=code, severity=severity, service=service, model=model, message="why", figures=figures)


def test_only_alerts_of_the_least_severity_or_above_are_sent() -> None:
    sent = AlertFilter(WARNING)
    assert sent.judge(alert("A", INFO), 0) is None
    assert sent.judge(alert("A", WARNING), 0) is not None
    assert sent.judge(alert("B", CRITICAL), 0) is not None


def test_the_same_alert_is_sent_again_later_with_the_number_left_out() -> None:
    sent = AlertFilter(WARNING)
    assert sent.judge(alert(), 0) is not None
    assert [sent.judge(alert(), each * MINUTE_MS) for each in (1, 5, 9)] == [None] * 3
    again = sent.judge(alert(), 10 * MINUTE_MS)
    assert again is not None
    assert again.earlier == 3
    following = sent.judge(alert(), 20 * MINUTE_MS)
    assert following is not None
    assert following.earlier == 0


def test_another_contender_or_service_is_another_alert() -> None:
    sent = AlertFilter(WARNING)
    assert sent.judge(alert(), 0) is not None
    assert sent.judge(alert(model="deepseek"), 0) is not None
    assert sent.judge(alert(service="risk"), 0) is not None


def test_an_end_is_sent_and_the_next_beginning_at_once() -> None:
    sent = AlertFilter(WARNING)
    assert sent.judge(alert("ServiceDown", service="risk", status="firing"), 0) is not None
    end = sent.judge(alert("ServiceDown", INFO, service="risk", status="resolved"), MINUTE_MS)
    assert end is not None
    assert end.is_resolved
    assert sent.judge(alert("ServiceDown", service="risk", status="firing"), 2 * MINUTE_MS) is not None


def test_the_end_of_what_was_not_sent_is_not_sent() -> None:
    sent = AlertFilter(CRITICAL)
    assert sent.judge(alert("Slow", WARNING, status="firing"), 0) is None
    assert sent.judge(alert("Slow", INFO, status="resolved"), 1) is None


def test_a_code_that_ends_another_is_sent_without_its_beginning() -> None:
    end = AlertFilter(WARNING).judge(alert("RESUMED", INFO), 0)
    assert end is not None
    assert (end.code, end.is_resolved) == ("RESUMED", True)
    sent = AlertFilter(WARNING)
    sent.judge(alert("HALTED"), 0)
    sent.judge(alert("RESUMED", INFO), 1)
    assert sent.judge(alert("HALTED"), 2) is not None, "a second halt is news"
