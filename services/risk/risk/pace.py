"""How often a model trades: entries of a day, the last one on a coin, approvals of a minute. Counted as they come."""

from collections import Counter, deque
from collections.abc import Iterable

from common.trading.symbols import Symbol
from risk.watch import DAY_MS

MINUTE_MS = 60_000
KEPT_DAYS = 2
KEPT_APPROVALS_MS = 2 * MINUTE_MS
"""Longer than is ever asked for: approvals need not come in the order of their times."""


class Pace:
    """One model's. A judgement asks for all of it, so no answer takes longer as the day goes on."""

    def __init__(self) -> None:
        self._sent: dict[str, int] = {}
        self._sent_on: Counter[int] = Counter()
        self._last_entry_ms: dict[Symbol, int] = {}
        self._approved_ms: deque[int] = deque()

    @property
    def sent(self) -> frozenset[str]:
        """The entries that reached the wire, of this day and the two before."""
        return frozenset(self._sent)

    def note_sent(self, intent_id: str, at_ms: int) -> None:
        """Counts an entry once, on the UTC day of its first sign of having reached the exchange."""
        day = at_ms // DAY_MS
        if intent_id not in self._sent:
            self._sent[intent_id] = day
            self._sent_on[day] += 1
        while self._sent and day - self._sent[oldest := next(iter(self._sent))] > KEPT_DAYS:
            self.was_not_sent(oldest)

    def was_not_sent(self, intent_id: str) -> None:
        """An entry ended without a byte of it leaving."""
        day = self._sent.pop(intent_id, None)
        if day is not None:
            self._sent_on[day] -= 1

    def entries_on(self, day: int, under_way: Iterable[str], but: str) -> int:
        """Entries that reached the wire that UTC day and those `under_way`, without the intent `but`."""
        more = sum(self._sent.get(intent_id) != day for intent_id in under_way if intent_id != but)
        return self._sent_on[day] - (self._sent.get(but) == day) + more

    def note_approval(self, at_ms: int, symbol: Symbol, *, is_entry: bool) -> None:
        """An order was approved at this market time."""
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
