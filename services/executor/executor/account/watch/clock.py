"""Says how far this machine's clock is off the exchange's. Trading goes by the exchange's, and needs no correct one."""

from collections.abc import Sequence
from typing import Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.runtime.outages import is_outage
from executor.account import metrics
from executor.account.context import AccountContext

WATCH_S: Final = 5.0
LIMIT_MS: Final = 2_000
HOUR_MS: Final = 3_600_000


async def watch_clock(contexts: Sequence[AccountContext]) -> None:
    """Publishes the difference as a metric, and an alert an hour while it is above the limit, until cancelled."""
    alerted: int | None = None
    while True:
        await contexts[0].clock.sleep(WATCH_S)
        for context in contexts:
            ahead_ms = context.exchange.time.ahead_ms()
            if ahead_ms is None:
                continue
            metrics.CLOCK_OFF_S.labels(context.model).set(ahead_ms / 1000)
            hour = context.exchange.now_ms() // HOUR_MS
            if abs(ahead_ms) > LIMIT_MS and hour != alerted and context.is_owner():
                alerted = hour if await _alert(context, ahead_ms, hour) else None


async def _alert(context: AccountContext, ahead_ms: int, hour: int) -> bool:
    """Whether the alert could be stored."""
    where = "behind" if ahead_ms > 0 else "ahead of"
    try:
        await context.alert(
            AlertCode.CLOCK_SKEW,
            AlertSeverity.WARNING,
            f"this machine's clock is {abs(ahead_ms) / 1000:.1f} s {where} the exchange's; "
            "orders go by the exchange's, but set it by NTP",
            key=hour,
            now_ms=context.clock.now_ms(),
            ahead_ms=str(ahead_ms),
        )
    except Exception as error:
        if not is_outage(error):
            raise
        return False
    return True
