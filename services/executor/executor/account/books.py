"""What one account's books are kept from, which of their parts are behind, and how long one may wait for room in the
rate limit."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.instruments import Symbol
from executor.account import metrics
from executor.account.context import AccountContext
from executor.domain.events import system_alert
from executor.domain.intent import Intent
from executor.domain.order import OrderRow
from executor.exchange.errors import UNREADABLE, ExchangeError, RateLimited

WAIT_LIMIT_S: Final = 60.0
"""How long a part may wait for request weight; by then a minute's budget has come in."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables hold of the account: intents that ended of late, unfinished ones, orders by client order id, the
    entries behind positions, and since when a flatten is requested."""

    ended: list[Intent]
    unfinished: list[Intent]
    orders: dict[str, OrderRow]
    entries: dict[Symbol, Intent]
    flatten_since_ms: int | None


class BookParts:
    """Called by the reconciler alone, in passes that `begin` begins.

    A part that the exchange does not answer has failed. One for which the rate limit has no room is behind (`stale`),
    and has failed only when that has lasted for WAIT_LIMIT_S: then there is one alert, until the part is done again.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._waits: dict[str, tuple[float, float]] = {}
        """By part, since when it has waited for request weight, and when it was seen to."""
        self._alerted: set[str] = set()
        self.stale: list[str] = []
        self.failed: list[str] = []

    def begin(self) -> None:
        """Nothing of this pass is behind yet."""
        self.stale, self.failed = [], []

    async def do(self, part: str, work: Awaitable[None]) -> bool:
        """Does one part; whether the exchange let it."""
        try:
            await work
        except (ExchangeError, *UNREADABLE) as error:
            self._note(part, error)
            return False
        self._waits.pop(part, None)
        self._alerted.discard(part)
        return True

    def _note(self, part: str, error: Exception) -> None:
        context = self._context
        context.log.warning("the books wait for the exchange", model=context.model, part=part, reason=repr(error))
        self.stale.append(part)
        if not isinstance(error, RateLimited):
            metrics.EXCHANGE_ERRORS.labels(context.model).inc()
            self.failed.append(part)
            self._waits.pop(part, None)
            return
        now = context.clock.monotonic()
        since, seen = self._waits.get(part, (now, now))
        if now - seen >= WAIT_LIMIT_S / 2:  # It was not tried in between: nothing is known of that time.
            since = now
        self._waits[part] = since, now
        if now - since >= WAIT_LIMIT_S:
            self.failed.append(part)
            self._alert(part)

    def _alert(self, part: str) -> None:
        if part in self._alerted:
            return
        self._alerted.add(part)
        now_ms = self._context.clock.now_ms()
        alert = system_alert(
            AlertCode.BOOKS_BEHIND,
            AlertSeverity.WARNING,
            f"the books' {part} have waited for REQUEST_WEIGHT_PER_MINUTE for {WAIT_LIMIT_S:.0f} s; positions are "
            "protected meanwhile",
            model=self._context.model,
            key=(part, now_ms),
            now_ms=now_ms,
            part=part,
        )
        self._context.memory.queue_alert(alert)
