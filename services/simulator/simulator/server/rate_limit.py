"""Request weights per sender and minute of market time; a sender is a network address on one listener.

Source: Hyperliquid docs, Rate limits (IP-based limits).
"""

from collections import deque
from typing import Any

from simulator.exchange.state.action_quota import batch_size
from simulator.server.health import REFUSED

WEIGHT_A_MINUTE = 1_200
WINDOW_MS = 60_000
LIGHT = frozenset(
    {"l2Book", "allMids", "clearinghouseState", "orderStatus", "spotClearinghouseState", "exchangeStatus"}
)
PER_20_ROWS = frozenset(
    {
        "recentTrades",
        "historicalOrders",
        "userFills",
        "userFillsByTime",
        "fundingHistory",
        "userFunding",
        "userNonFundingLedgerUpdates",
        "userTwapSliceFills",
        "userTwapSliceFillsByTime",
        "twapHistory",
    }
)


def info_weight(kind: str, answer: Any) -> int:
    """What an /info answer costs."""
    if kind == "userRole":
        return 60
    rows = len(answer) if isinstance(answer, list) else 0
    weight = 2 if kind in LIGHT else 20
    if kind in PER_20_ROWS:
        return weight + rows // 20
    return weight + rows // 60 if kind == "candleSnapshot" else weight


def action_weight(action: Any) -> int:
    """What an /exchange request costs its sender."""
    return 1 + batch_size(action) // 40 if isinstance(action, dict) else 1


class RequestRateLimiter:
    """Counts the weight that each sender has spent within the last minute of wall time.

    A market that runs `speed` times as fast has as many minutes in it, and each has its weight.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._limit = WEIGHT_A_MINUTE * speed
        self._spent: dict[str, deque[tuple[int, int]]] = {}

    def is_exhausted(self, sender: str, now_ms: int) -> bool:
        """Whether a sender has spent its minute; counts the refusal that follows."""
        is_exhausted = self._spent_within_window(sender, now_ms) >= self._limit
        if is_exhausted:
            REFUSED.inc()
        return is_exhausted

    def count(self, sender: str, weight: int, now_ms: int) -> None:
        """Records the weight of an answered request."""
        self._spent.setdefault(sender, deque()).append((now_ms, weight))

    def _spent_within_window(self, sender: str, now_ms: int) -> int:
        spent = self._spent.get(sender)
        if not spent:
            return 0
        while spent and spent[0][0] <= now_ms - WINDOW_MS:
            spent.popleft()
        return sum(weight for _, weight in spent)
