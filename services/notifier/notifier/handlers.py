"""Events as notices. An entry stays pending until its notice was sent or given up, so that a stop loses none."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from common.events import AlertSeverity, Event, OrderFilled, SystemAlert
from common.events.alerts import AlertCode
from common.runtime.service import Service
from common.trading.durations import HOUR_MS
from notifier.domain.alerts import AlertFilter
from notifier.domain.notices import Notice, NoticeKind
from notifier.domain.trades import trade_notice

MAX_ALERT_AGE_MS: Final = 24 * HOUR_MS
MAX_TRADE_AGE_MS: Final = HOUR_MS

Outputs = tuple[Event[Any], ...]
Send = Callable[[Notice], Awaitable[bool]]


class NoticeHandlers:
    """The handlers of system.alert and order.filled.

    Delivery to people is at least once: an entry whose message went out before a crash, and was not acknowledged, is
    sent again. What is older than a day (alerts) or an hour (trades) isn't news any more.
    """

    def __init__(self, service: Service, send: Send, alerts: AlertFilter, kinds: frozenset[NoticeKind]) -> None:
        self._service, self._send, self._alerts, self._kinds = service, send, alerts, kinds

    def on_alert(self, event: Event[SystemAlert], now_ms: int) -> Outputs | Awaitable[Outputs]:
        """Sends an alert that the filter lets pass."""
        if NoticeKind.ALERTS not in self._kinds or now_ms - event.recorded_ms > MAX_ALERT_AGE_MS:
            return ()
        notice = self._alerts.judge(event.data, now_ms)
        return () if notice is None else self._sent(notice)

    def on_fill(self, event: Event[OrderFilled], now_ms: int) -> Outputs | Awaitable[Outputs]:
        """Sends a fill; the outbox joins those of one order."""
        notice = trade_notice(event.data)
        if notice is None or notice.kind not in self._kinds or now_ms - event.recorded_ms > MAX_TRADE_AGE_MS:
            return ()
        return self._sent(notice)

    async def _sent(self, notice: Notice) -> Outputs:
        if not await self._send(notice):
            await self._service.alert(
                AlertCode.NOTIFY_FAILED,
                AlertSeverity.WARNING,
                "a message was given up: its service did not accept it; try `aicoin notify-test`",
                key=notice.kind,
            )
        return ()
