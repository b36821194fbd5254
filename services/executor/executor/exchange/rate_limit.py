"""How much may be asked of the exchange: a token bucket of request weight, and who goes first."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from common.runtime.metrics import exchange as metrics
from common.trading.durations import NEVER
from common.trading.request_weight import EXECUTOR_PEAK_MINUTES
from executor.exchange.errors import RateLimited, Unreachable

WINDOW_S: Final = 60.0
URGENT_RESERVE, DUE_RESERVE, ROUTINE_RESERVE = -60.0, -30.0, 60.0
"""Weight that must be left after a question: what may protect an unprotected position, what is due, what can wait."""
LIST_S: Final = 6.0
"""Between two lists of open orders that the minute always keeps room for, while something is urgent."""
KEPT_MINUTES: Final = 0.2
"""Kept back of the minute from what isn't urgent, also when nothing else was asked for a while, or when several
questions make sense only together."""
LIGHT_WEIGHT: Final = 2
WEIGHTS: Final = {
    "exchange": 1,
    **dict.fromkeys(
        ("clearinghouseState", "spotClearinghouseState", "orderStatus", "l2Book", "allMids", "exchangeStatus"),
        LIGHT_WEIGHT,
    ),
    "userRole": 60,
}
DEFAULT_WEIGHT: Final = 20
BURST_MINUTES: Final = 0.5
"""How much is saved up in a quiet time; see START_MINUTES."""
START_MINUTES: Final = 0.5
"""What there is at the start."""
LIGHT_MINUTES: Final = 0.15
"""Of the peak, for what is always sent once the rest is spent, and for what arrives late."""
MAX_DEBT_MINUTES: Final = 0.15
"""What is always sent delays what can wait by no more than that."""
ITEMS_PER_WEIGHT: Final = 20
"""An answer that is a list costs one weight more for that many items."""


def weight_of(kind: str) -> int:
    """The weight of one request. Source: Hyperliquid docs, Rate limits."""
    return WEIGHTS.get(kind, DEFAULT_WEIGHT)


class RequestRateLimiter:
    """At most `per_minute` weight a minute in the long run, and EXECUTOR_PEAK_MINUTES times as much within any one.

    It delays nothing by itself, and orders and the questions of little weight are sent whatever is left. For everything
    else `allows` is asked first, and it is left out when there is no room, so that no trouble, however long, spends
    what the exchange gives an address: one that asks for more gets no answer at all, and its orders don't arrive.
    Shared by all accounts: what is left goes to an unprotected position first (`URGENT_RESERVE`), and of each minute so
    much is kept back, as far as a small limit allows, that one list of orders can be asked for every LIST_S.

    `start_minutes` is how much there is at the start: less, where a process before this one has spent of the minute.
    """

    def __init__(self, per_minute: int, start_minutes: float = START_MINUTES) -> None:
        self.per_minute = per_minute
        metrics.WEIGHT_LIMIT.set(per_minute)
        self._saved = per_minute * start_minutes
        self._at_s: float | None = None
        self._most = per_minute * (EXECUTOR_PEAK_MINUTES - LIGHT_MINUTES)
        self._spent: deque[tuple[float, float]] = deque()
        self._spent_sum = 0.0
        self._heavy_s = NEVER

    def left(self, now_s: float) -> float:
        """Weight that may be spent at monotonic time `now_s`; below zero while there is debt. What is urgent may go
        below it by URGENT_RESERVE, which the minute before `now_s` has room for as well."""
        while self._spent and self._spent[0][0] <= now_s - WINDOW_S:
            self._spent_sum -= self._spent.popleft()[1]
        return min(self._saved_at(now_s), self._most + URGENT_RESERVE - self._spent_sum)

    def _saved_at(self, now_s: float) -> float:
        if self._at_s is not None and now_s > self._at_s:
            most = max(self._saved, self.per_minute * BURST_MINUTES)
            self._saved = min(most, self._saved + (now_s - self._at_s) * self.per_minute / 60)
        self._at_s = now_s
        return self._saved

    def start(self, kind: str, now_s: float) -> None:
        """Counts a question that is about to be asked. Raises RateLimited for one that isn't light and for which
        there is no room at all."""
        weight = weight_of(kind)
        if weight > LIGHT_WEIGHT and self.left(now_s) < weight + URGENT_RESERVE:
            raise RateLimited(f"{kind} is not asked for now: REQUEST_WEIGHT_PER_MINUTE is used up")
        if weight > LIGHT_WEIGHT:
            self._heavy_s = now_s
        self._take(weight, now_s)

    def spend(self, weight: float, now_s: float) -> None:
        """Counts a request."""
        self._take(weight, now_s)
        metrics.WEIGHT_SPENT.inc(weight)

    def _take(self, weight: float, now_s: float) -> None:
        self._saved = max(self._saved_at(now_s) - weight, -self.per_minute * MAX_DEBT_MINUTES)
        self._spent.append((now_s, weight))
        self._spent_sum += weight

    def _give_back(self, weight: float, spent_s: float) -> None:
        self._saved += weight
        if (spent_s, weight) in self._spent:
            self._spent.remove((spent_s, weight))
            self._spent_sum -= weight

    @contextmanager
    def counted(self, kind: str, monotonic: Callable[[], float]) -> Iterator[None]:
        """Counts the question that is asked in the body of the `with`, as `start` does; one that never left this
        machine is taken back, and a refusal is heeded."""
        started_s = monotonic()
        self.start(kind, started_s)
        try:
            yield
        except Unreachable:
            self._give_back(weight_of(kind), started_s)
            raise
        except BaseException as error:
            metrics.WEIGHT_SPENT.inc(weight_of(kind))
            if isinstance(error, RateLimited):
                self.note_refusal(monotonic())
            raise
        metrics.WEIGHT_SPENT.inc(weight_of(kind))

    def note_refusal(self, now_s: float) -> None:
        """The exchange has refused a request for the weight that this address has spent: what isn't urgent waits longer
        than what is."""
        self._saved = min(self._saved_at(now_s), URGENT_RESERVE)

    def allows(self, weight: float, reserve: float, now_s: float) -> bool:
        """Whether there is room for a request, with that much left after it."""
        if self.left(now_s) < weight + reserve:
            return False
        pause_s = now_s - self._heavy_s
        if reserve <= URGENT_RESERVE:
            return (pause_s >= LIST_S and weight <= DEFAULT_WEIGHT) or self._leaves_lists(weight, now_s)
        has_share = self._spent_sum + weight <= self._most - self.per_minute * KEPT_MINUTES
        is_turn = pause_s >= 2 * LIST_S or weight > DEFAULT_WEIGHT
        return (has_share and is_turn) or self._leaves_lists(weight + DEFAULT_WEIGHT, now_s)

    def _leaves_lists(self, weight: float, now_s: float) -> bool:
        """Whether after a request there is room for a list every LIST_S, beside as many light questions as now, while
        what was spent falls out of the minute."""
        light = sum(each for at_s, each in self._spent if each <= LIGHT_WEIGHT and at_s > now_s - LIST_S)
        for count in range(1, int(WINDOW_S / LIST_S) + 1):
            begin_s = now_s + count * LIST_S - WINDOW_S
            spent = sum(each for at_s, each in self._spent if at_s > begin_s)
            if spent + weight + count * (DEFAULT_WEIGHT + light) > self._most:
                return False
        return True
