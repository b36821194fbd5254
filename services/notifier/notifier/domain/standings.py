"""Who leads, and how each stands, from what the executor, the recorder and risk have cached."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from common.events import AccountUpdated
from common.events.codec import UnreadableEvent, decode
from common.trading.durations import DAY_MS
from common.trading.growth import EMPTY_USD, Growth
from notifier.domain.notices import LeadNotice, Notice, Standing, SummaryNotice

LEAD_PERCENT: Final = Decimal("0.1")
"""By how many points of return another contender must lead before it is sent, so that a tie doesn't change hands."""
PERCENT_STEP: Final = Decimal("0.01")

Cached = bytes | str | None
"""What Redis gives for a cache key."""


def read_standing(model: str, account: Cached, memory: Cached, day: Cached) -> Standing | None:
    """One contender's standing from the cached values `account:`, `memory:` and `risk:day:`; None without a state."""
    state = _account(account)
    if state is None:
        return None
    kept: dict[str, Any] = json.loads(memory) if memory else {}
    begun: dict[str, Any] = json.loads(day) if day else {}
    anchor = kept.get("account")
    growth = Growth(Decimal(anchor["growth"]), Decimal(anchor["growth_equity_usd"])) if anchor else None
    start = begun.get("equity_usd")
    is_today = begun.get("day") == state.state_ms // DAY_MS
    return Standing(
        model=model,
        equity_usd=state.equity_usd,
        return_percent=None if growth is None else _percent(growth.at(state.equity_usd) - 1),
        day_return_percent=_percent(state.equity_usd / Decimal(start) - 1)
        if is_today and start is not None and Decimal(start) >= EMPTY_USD
        else None,
    )


def state_day(account: Cached) -> int | None:
    """The UTC day (counted since 1970) of a cached account state, in the exchange's time."""
    state = _account(account)
    return None if state is None else state.state_ms // DAY_MS


class Standings:
    """Watches the contenders' standings: a change of the lead, and the end of a day. In memory only.

    After a start the first leader is taken as known, and the day that runs is sent when it ends.
    """

    def __init__(self) -> None:
        self._leader: str | None = None
        self._day: int | None = None
        self._latest: tuple[Standing, ...] = ()

    def note(self, standings: Sequence[Standing], day: int | None) -> list[Notice]:
        """The notices that follow from the standings of one moment and its UTC day."""
        notices: list[Notice] = []
        if day is not None and self._day is not None and day > self._day and self._latest:
            date = datetime.fromtimestamp(self._day * DAY_MS / 1000, UTC)
            notices.append(SummaryNotice(f"{date:%Y-%m-%d}", self._latest))
        if day is not None:
            self._day = max(day, self._day or 0)
        ranked = tuple(sorted(standings, key=lambda each: each.return_percent or Decimal(0), reverse=True))
        self._latest = ranked
        notices += self._lead(ranked)
        return notices

    def _lead(self, ranked: tuple[Standing, ...]) -> list[Notice]:
        known = [each for each in ranked if each.return_percent is not None]
        if len(known) < 2:
            return []
        first = known[0]
        if self._leader is None:
            self._leader = first.model
            return []
        held = next((each for each in known if each.model == self._leader), None)
        if first.model == self._leader or held is None:
            return []
        if (first.return_percent or 0) - (held.return_percent or 0) < LEAD_PERCENT:
            return []
        before, self._leader = self._leader, first.model
        return [LeadNotice(before, ranked)]


def _account(body: Cached) -> AccountUpdated | None:
    if not isinstance(body, bytes):
        return None
    try:
        state: AccountUpdated = decode(AccountUpdated.TYPE, body).data
    except UnreadableEvent:
        return None
    return state


def _percent(fraction: Decimal) -> Decimal:
    return (fraction * 100).quantize(PERCENT_STEP)
