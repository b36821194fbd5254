"""How much may be asked of the exchange: a token bucket of request weight, and who goes first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from common.runtime.metrics import exchange as metrics
from executor.exchange.errors import RateLimited, Unreachable

ALL_PER_MINUTE: Final = 1_200
"""What the exchange gives an address."""
URGENT_RESERVE, DUE_RESERVE, ROUTINE_RESERVE = -60.0, -30.0, 60.0
"""Weight that must be left after a question: what may protect an unprotected position, what is due, what can wait."""
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
"""What there is at the start. More would let the first minute ask for more than the exchange gives an address."""
MAX_DEBT_MINUTES: Final = 0.15
"""What is always sent delays what can wait by no more than that."""
ITEMS_PER_WEIGHT: Final = 20
"""An answer that is a list costs one weight more for that many items."""


def weight_of(kind: str) -> int:
    """The weight of one request. Source: Hyperliquid docs, Rate limits."""
    return WEIGHTS.get(kind, DEFAULT_WEIGHT)


class RequestRateLimiter:
    """At most `per_minute` weight a minute in the long run, and half as much again after a quiet time.

    It delays nothing by itself, and orders and the questions of little weight are sent whatever is left. For everything
    else `allows` is asked first, and it is left out when there is no room, so that no trouble, however long, spends
    what the exchange gives an address: one that asks for more gets no answer at all, and its orders don't arrive.
    Shared by all accounts: what is left goes to an unprotected position first (`URGENT_RESERVE`).

    `start_minutes` is how much there is at the start: less, where a process before this one has spent of the minute.
    """

    def __init__(self, per_minute: int, start_minutes: float = START_MINUTES) -> None:
        self.per_minute = per_minute
        metrics.WEIGHT_LIMIT.set(per_minute)
        self._left = per_minute * start_minutes
        self._at_s: float | None = None

    def left(self, now_s: float) -> float:
        """Weight that may be spent at monotonic time `now_s`; below zero while there is debt."""
        if self._at_s is not None and now_s > self._at_s:
            most = max(self._left, self.per_minute * BURST_MINUTES)
            self._left = min(most, self._left + (now_s - self._at_s) * self.per_minute / 60)
        self._at_s = now_s
        return self._left

    def start(self, kind: str, now_s: float) -> None:
        """Counts a question that is about to be asked. Raises RateLimited for one that isn't light and for which
        there is no room at all."""
        weight = weight_of(kind)
        if weight > LIGHT_WEIGHT and not self.allows(weight, URGENT_RESERVE, now_s):
            raise RateLimited(f"{kind} is not asked for now: REQUEST_WEIGHT_PER_MINUTE is used up")
        self._take(weight, now_s)

    def spend(self, weight: float, now_s: float) -> None:
        """Counts a request."""
        self._take(weight, now_s)
        metrics.WEIGHT_SPENT.inc(weight)

    def _take(self, weight: float, now_s: float) -> None:
        self._left = max(self.left(now_s) - weight, -self.per_minute * MAX_DEBT_MINUTES)

    @contextmanager
    def counted(self, kind: str, monotonic: Callable[[], float]) -> Iterator[None]:
        """Counts the question that is asked in the body of the `with`, as `start` does; one that never left this
        machine is taken back, and a refusal is heeded."""
        self.start(kind, monotonic())
        try:
            yield
        except Unreachable:
            self._left += weight_of(kind)
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
        self._left = min(self.left(now_s), URGENT_RESERVE)

    def allows(self, weight: float, reserve: float, now_s: float) -> bool:
        """Whether there is room for a request, with that much left after it."""
        return self.left(now_s) >= weight + reserve
