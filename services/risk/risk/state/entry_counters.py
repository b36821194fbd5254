"""How often a model trades: entries of a day, the last one on a coin, approvals of a minute. Counted incrementally."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from risk.state.market_time import day_of

KEPT_DAYS: Final = 2
KEPT_APPROVALS_MS: Final = 2 * MINUTE_MS
"""Longer than any rule asks for, since approvals need not come in the order of their times."""
KEPT_APPROVALS: Final = 1_000


class EntryCounters:
    """One model's counters, in market time. Every read takes constant time, however many trades the day has seen."""

    def __init__(self) -> None:
        self._sent: dict[int, set[str]] = {}
        self._last_entry_ms: dict[Symbol, int] = {}
        self._approved_ms: deque[int] = deque(maxlen=KEPT_APPROVALS)

    @property
    def sent(self) -> frozenset[str]:
        """The entries that reached the exchange, of this day and the two before."""
        return frozenset().union(*self._sent.values())

    def record_sent(self, intent_id: str, at_ms: int) -> None:
        """Counts an entry once, on the UTC day of the first event that shows it reached the exchange."""
        day = day_of(at_ms)
        if not any(intent_id in sent for sent in self._sent.values()):
            self._sent.setdefault(day, set()).add(intent_id)
        for old in [each for each in self._sent if day - each > KEPT_DAYS]:
            del self._sent[old]

    def withdraw_sent(self, intent_id: str) -> None:
        """Uncounts an entry that ended before its first byte left."""
        for sent in self._sent.values():
            sent.discard(intent_id)

    def entries_on(self, day: int, unfinished: Iterable[str], but: str = "") -> int:
        """Entries that reached the exchange that UTC day and the `unfinished` ones, without the intent `but`."""
        sent = self._sent.get(day, set())
        return len(sent) - (but in sent) + sum(one not in sent for one in unfinished if one != but)

    def record_approval(self, at_ms: int, symbol: Symbol, *, is_entry: bool) -> None:
        """Counts an approved order."""
        self._approved_ms.append(at_ms)
        while at_ms - self._approved_ms[0] > KEPT_APPROVALS_MS:
            self._approved_ms.popleft()
        if is_entry:
            self._last_entry_ms[symbol] = max(at_ms, self._last_entry_ms.get(symbol, at_ms))

    def last_entry_ms(self, symbol: Symbol | None) -> int | None:
        return None if symbol is None else self._last_entry_ms.get(symbol)

    def approvals_after(self, since_ms: int) -> tuple[int, ...]:
        """When orders were approved after that time, which lies at most two minutes back."""
        return tuple(at_ms for at_ms in self._approved_ms if at_ms > since_ms)
