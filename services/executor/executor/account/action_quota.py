"""How much of the account's quota of actions is used up: past the limit, only what protects is sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.durations import DAY_MS
from executor.account import metrics
from executor.account.context import AccountContext
from executor.domain.account_standing import POOLED_MODES
from executor.exchange.rate_limit import ROUTINE_RESERVE

ENTRY_LIMIT: Final = Decimal("0.6")
REFRESH_S: Final = 600.0
RETRY_S: Final = 60.0
FIRST_S: Final = 60.0
"""Until it is asked for the first time: the minute of a start has other needs, and few actions fit into it."""
DAILY_ACTIONS: Final = 50_000
"""Of an account in a pooled mode. Source: Hyperliquid docs, Account abstraction modes."""


def used_share(answer: Mapping[str, Any]) -> Decimal:
    """The used share of userRateLimit. Source: Hyperliquid docs, Rate limits: 10,000 + 1 per USD traded, + reserved."""
    allowed = int(answer["nRequestsCap"]) + int(answer.get("nRequestsSurplus", 0))
    return Decimal(int(answer["nRequestsUsed"])) / allowed if allowed > 0 else Decimal(1)


class DailyCount:
    """The actions of the present day, of an account that may send so many a day.

    userRateLimit may count from the account's beginning or from the day's: a count above the day's allowance can only
    be the former, one that falls the latter.
    """

    def __init__(self) -> None:
        self._day: int | None = None
        self._before = self._last = 0

    def used_share(self, used: int, now_ms: int) -> Decimal:
        """The used share of the day's actions."""
        day = now_ms // DAY_MS
        if self._day is None:
            self._before = 0 if used <= DAILY_ACTIONS else used
        elif used < self._last:
            self._before = 0
        elif day != self._day:
            self._before = used
        self._day, self._last = day, used
        return Decimal(used - self._before) / DAILY_ACTIONS


class ActionQuota:
    """One account's quota; `is_short` is true once the rest of the actions is kept for stops and closes."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self.is_short = False
        self._daily = DailyCount()
        self._due_at = context.clock.monotonic() + FIRST_S

    async def refresh(self) -> None:
        """Asks when it is time and the rate limit allows; one alert a day while few actions are left."""
        clock, exchange = self._context.clock, self._context.exchange
        is_due = clock.monotonic() >= self._due_at
        if not is_due or not exchange.has_room("userRateLimit", reserve=ROUTINE_RESERVE):
            return
        self._due_at = clock.monotonic() + RETRY_S
        answer = await exchange.action_quota()
        is_daily = exchange.mode in POOLED_MODES
        used = self._daily.used_share(int(answer["nRequestsUsed"]), clock.now_ms()) if is_daily else used_share(answer)
        self._due_at = clock.monotonic() + REFRESH_S
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
