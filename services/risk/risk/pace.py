"""How often a model trades: entries of a day, the last one on a coin, approvals of a minute. Counted as they come."""

from collections import deque
from collections.abc import Iterable

from common.trading.instruments import Symbol
from risk.watch import DAY_MS

MINUTE_MS = 60_000
KEPT_DAYS = 2
KEPT_APPROVALS_MS = 2 * MINUTE_MS
"""Longer than is ever asked for: approvals need not come in the order of their times."""
KEPT_APPROVALS = 1_000


class Pace:
    """One model's. A judgement asks for all of it, so no answer takes longer as the day goes on. All is market time."""

    def __init__(self) -> None:
        self._sent: dict[int, set[str]] = {}
        self._last_entry_ms: dict[Symbol, int] = {}
        self._approved_ms: deque[int] = deque(maxlen=KEPT_APPROVALS)

    @property
    def sent(self) -> frozenset[str]:
        """The entries that reached the wire, of this day and the two before."""
        return frozenset().union(*self._sent.values())

    def note_sent(self, intent_id: str, at_ms: int) -> None:
        """Counts an entry once, on the UTC day of its first sign of having reached the exchange."""
        day = at_ms // DAY_MS
        if not any(intent_id in sent for sent in self._sent.values()):
            self._sent.setdefault(day, set()).add(intent_id)
        for old in [each for each in self._sent if day - each > KEPT_DAYS]:
            del self._sent[old]

    def was_not_sent(self, intent_id: str) -> None:
        """An entry ended without a byte of it leaving."""
        for sent in self._sent.values():
            sent.discard(intent_id)

    def entries_on(self, day: int, under_way: Iterable[str], but: str) -> int:
        """Entries that reached the wire that UTC day and those `under_way`, without the intent `but`."""
        sent = self._sent.get(day, set())
        return len(sent) - (but in sent) + sum(one not in sent for one in under_way if one != but)

    def note_approval(self, at_ms: int, symbol: Symbol, *, is_entry: bool) -> None:
        """An order was approved."""
        self._approved_ms.append(at_ms)
        while at_ms - self._approved_ms[0] > KEPT_APPROVALS_MS:
            self._approved_ms.popleft()
        if is_entry:
            self._last_entry_ms[symbol] = max(at_ms, self._last_entry_ms.get(symbol, at_ms))

    def last_entry_ms(self, symbol: Symbol | None) -> int | None:
        return None if symbol is None else self._last_entry_ms.get(symbol)

    def orders_since(self, since_ms: int) -> int:
        """Approvals after that time, which lies at most two minutes back."""
        return sum(at_ms > since_ms for at_ms in self._approved_ms)
