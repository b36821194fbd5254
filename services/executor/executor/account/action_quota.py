"""How much of the account's lifetime allowance of actions is used up: past the limit, only what protects is sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.events import AlertSeverity
from executor.account import metrics
from executor.account.context import Desk
from executor.domain import events as facts

LIMIT = Decimal("0.6")
LOOK_EVERY_S = 600.0
DAY_MS = 86_400_000


def share_used(answer: Mapping[str, Any]) -> Decimal:
    """The used share of userRateLimit. Source: Hyperliquid docs, Rate limits: 10,000 + 1 per USD traded, + reserved."""
    allowed = int(answer["nRequestsCap"]) + int(answer.get("nRequestsSurplus", 0))
    return Decimal(int(answer["nRequestsUsed"])) / allowed if allowed > 0 else Decimal(1)


class Allowance:
    """One account's allowance; `is_short` holds entries back, so that stops and closes never run out of actions."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.is_short = False
        self._looked_at = float("-inf")

    async def look(self) -> None:
        """Asks when it is time and the request budget allows."""
        clock, venue = self.desk.clock, self.desk.venue
        if clock.monotonic() - self._looked_at < LOOK_EVERY_S or not venue.may_look("userRateLimit"):
            return
        used = share_used(await venue.allowance())
        self._looked_at = clock.monotonic()
        metrics.ALLOWANCE_USED.labels(self.desk.model).set(float(used))
        self.is_short = used >= LIMIT
        if self.is_short:
            now_ms = clock.now_ms()
            message = f"{used:.0%} of the account's actions are used up; no entry is sent from {LIMIT:.0%} on"
            day = now_ms // DAY_MS
            event = facts.alert(
                *("ACTIONS_SHORT", AlertSeverity.WARNING, message),
                model=self.desk.model,
                key=day,
                now_ms=now_ms,
                used_share=f"{used:.4f}",
            )
            await self.desk.orders.tell(event)
            self.desk.outbox.wake()
