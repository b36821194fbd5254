"""How much of the account's lifetime quota of actions is used up: past the limit, only what protects is sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from executor.account import metrics
from executor.account.context import AccountContext

ENTRY_LIMIT: Final = Decimal("0.6")
REFRESH_S: Final = 600.0
DAY_MS: Final = 86_400_000


def used_share(answer: Mapping[str, Any]) -> Decimal:
    """The used share of userRateLimit. Source: Hyperliquid docs, Rate limits: 10,000 + 1 per USD traded, + reserved."""
    allowed = int(answer["nRequestsCap"]) + int(answer.get("nRequestsSurplus", 0))
    return Decimal(int(answer["nRequestsUsed"])) / allowed if allowed > 0 else Decimal(1)


class ActionQuota:
    """One account's quota; `is_short` once too few actions are left for entries: stops and closes keep theirs."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self.is_short = False
        self._refreshed_at = float("-inf")

    async def refresh(self) -> None:
        """Asks when it is time and the rate limit allows; one alert a day while few actions are left."""
        clock, exchange = self._context.clock, self._context.exchange
        if clock.monotonic() - self._refreshed_at < REFRESH_S or not exchange.allows_routine("userRateLimit"):
            return
        used = used_share(await exchange.action_quota())
        self._refreshed_at = clock.monotonic()
        metrics.ACTIONS_USED.labels(self._context.model).set(float(used))
        self.is_short = used >= ENTRY_LIMIT
        if self.is_short:
            now_ms = clock.now_ms()
            await self._context.alert(
                AlertCode.ACTIONS_SHORT,
                AlertSeverity.WARNING,
                f"{used:.0%} of the account's actions are used up; no entry is sent from {ENTRY_LIMIT:.0%} on",
                key=now_ms // DAY_MS,
                now_ms=now_ms,
                used_share=f"{used:.4f}",
            )
