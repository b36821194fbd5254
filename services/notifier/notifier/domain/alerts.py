"""Which alerts are sent: severe enough, not sent a short while ago, and the end of what was sent."""

from typing import Final

from common.events import AlertSeverity, SystemAlert
from common.events.alerts import AlertCode
from common.trading.durations import MINUTE_MS
from notifier.domain.notices import AlertNotice

RESOLVING: Final = {
    AlertCode.RESUMED.value: AlertCode.HALTED.value,
    AlertCode.UNPROTECTED_CLOSED.value: AlertCode.UNPROTECTED_CLOSING.value,
    AlertCode.ACCOUNT_ACCEPTED.value: AlertCode.ACCOUNT_REFUSED.value,
}
"""Per code that ends something the code that began it."""
RANKS: Final = {AlertSeverity.INFO: 0, AlertSeverity.WARNING: 1, AlertSeverity.CRITICAL: 2}
REPEATED_AFTER_MS: Final = {
    AlertSeverity.CRITICAL: 10 * MINUTE_MS,
    AlertSeverity.WARNING: 60 * MINUTE_MS,
    AlertSeverity.INFO: 60 * MINUTE_MS,
}
"""How soon the same alert is sent once more."""
KEPT: Final = 1_000

_Key = tuple[str, str | None, str]


class AlertFilter:
    """Decides of each alert whether it is sent; the same one again only after a while, with how many were left out.

    An alert is the same when code, contender and service are. The end of an alert is sent where its beginning was, or
    where the beginning may have been before this process started and the code itself says that something ended.
    """

    def __init__(self, least: AlertSeverity) -> None:
        self._least = least
        self._sent_ms: dict[_Key, int] = {}
        self._left_out: dict[_Key, int] = {}

    def judge(self, alert: SystemAlert, now_ms: int) -> AlertNotice | None:
        """The notice of this alert; None when it is not sent."""
        status = alert.figures.get("status")
        began = RESOLVING.get(alert.code, alert.code if status == "resolved" else None)
        notice = AlertNotice(
            code=began if status == "resolved" and began else alert.code,
            severity=alert.severity,
            is_resolved=began is not None,
            model=alert.model,
            service=alert.service,
            message=alert.message,
        )
        if began is not None:
            was_sent = self._sent_ms.pop((began, alert.model, alert.service), None) is not None
            self._left_out.pop((began, alert.model, alert.service), None)
            return notice if was_sent or alert.code in RESOLVING else None
        return self._begun(notice, now_ms)

    def _begun(self, notice: AlertNotice, now_ms: int) -> AlertNotice | None:
        if RANKS[notice.severity] < RANKS[self._least]:
            return None
        key = (notice.code, notice.model, notice.service)
        sent_ms = self._sent_ms.get(key)
        if sent_ms is not None and now_ms - sent_ms < REPEATED_AFTER_MS[notice.severity]:
            self._left_out[key] = self._left_out.get(key, 0) + 1
            return None
        self._sent_ms[key] = now_ms
        while len(self._sent_ms) > KEPT:
            self._sent_ms.pop(next(iter(self._sent_ms)))
        earlier = self._left_out.pop(key, 0)
        return AlertNotice(
            notice.code, notice.severity, False, notice.model, notice.service, notice.message, earlier=earlier
        )
