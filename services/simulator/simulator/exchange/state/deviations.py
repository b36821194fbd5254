"""How an exchange deviates from its ordinary behavior, as real ones do at times: set by tests, never by itself.

All times are market time. Nothing here survives a restart.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

LAG: Final = "lag"
SHORT_PAGES: Final = "short_pages"
ODD_ROWS: Final = "odd_rows"
AWAY: Final = "away"
READ_KINDS: Final = (LAG, SHORT_PAGES, ODD_ROWS, AWAY)
ROLES: Final = ("any", "trigger", "opening", "closing")
ENDLESS_MS: Final = 1 << 62
DEFAULT_ROWS: Final = 100


@dataclass(slots=True)
class ReadFault:
    """Alters the answers to one type of /info ("*": to all that it can alter), for one user or for all.

    `lag_ms` is how old LAG lets the answer be, `rows` how long SHORT_PAGES lets a page be.
    """

    kind: str
    target: str = "*"
    user: str | None = None
    until_ms: int = ENDLESS_MS
    lag_ms: int = 0
    rows: int = DEFAULT_ROWS

    def applies(self, target: str, user: str | None, now_ms: int) -> bool:
        return self.target in ("*", target) and self.user in (None, user) and now_ms < self.until_ms


@dataclass(slots=True)
class Refusal:
    """Refuses the next `count` orders of a role: trigger, or an order that only closes, or one that opens."""

    text: str
    role: str = "any"
    user: str | None = None
    count: int = 1


@dataclass(slots=True)
class Deviations:
    """All deviations of one exchange. `skew_ms` is how far its clock is ahead of its market's.

    `past` has, by type and user, the answers before each change: (market time until which one was true, answer).
    """

    reads: list[ReadFault] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    post_only_until_ms: int = 0
    skew_ms: int = 0
    past: dict[tuple[str, str], deque[tuple[int, Any]]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def of_read(self, target: str, user: str | None, now_ms: int) -> Iterator[ReadFault]:
        """The faults of one read, counted."""
        for fault in self.reads:
            if fault.applies(target, user, now_ms):
                self.counts[f"info.{fault.kind}"] += 1
                yield fault

    def has_lag(self, now_ms: int) -> bool:
        """Whether any read lags; then the past is needed."""
        return any(fault.kind == LAG and now_ms < fault.until_ms for fault in self.reads)

    def refusal_of(self, user: str, *, is_trigger: bool, reduces: bool) -> str | None:
        """The text by which an order is refused, or None."""
        role = "trigger" if is_trigger else "closing" if reduces else "opening"
        for refusal in self.refusals:
            if refusal.role in ("any", role) and refusal.user in (None, user):
                refusal.count -= 1
                if refusal.count == 0:
                    self.refusals.remove(refusal)
                self.counts[f"refusal.{role}"] += 1
                return refusal.text
        return None

    def clear(self) -> None:
        """Ends all of them except the skew: a clock that went back would repeat its times."""
        self.reads.clear()
        self.refusals.clear()
        self.past.clear()
        self.post_only_until_ms = 0
