"""Request budgets: weights per network address, actions per account. Source: Hyperliquid docs, Rate limits."""

from collections import deque
from typing import Any

from simulator.exchange.account import Account
from simulator.exchange.errors import ActionError
from simulator.health import REFUSED, WEIGHT

WEIGHT_A_MINUTE = 1_200
WINDOW_MS = 60_000
LIGHT = ("l2Book", "allMids", "clearinghouseState", "orderStatus", "spotClearinghouseState", "exchangeStatus")
PER_20_ROWS = (
    *("recentTrades", "historicalOrders", "userFills", "userFillsByTime", "fundingHistory", "userFunding"),
    *("userNonFundingLedgerUpdates", "userTwapSliceFills", "twapHistory"),
)
FREE_ACTIONS = 10_000
CANCEL_EXTRA = 100_000
EXHAUSTED_EVERY_MS = 10_000
STALE_COST = 5


def info_weight(kind: Any, answer: Any) -> int:
    """What an /info answer costs."""
    if kind == "userRole":
        return 60
    rows = len(answer) if isinstance(answer, list) else 0
    base = 2 if kind in LIGHT else 20
    if kind in PER_20_ROWS:
        return base + rows // 20
    return base + rows // 60 if kind == "candleSnapshot" else base


def batch_of(action: dict[str, Any]) -> int:
    """How many requests an action counts as."""
    for name in ("orders", "cancels", "modifies"):
        if isinstance(action.get(name), list):
            return max(1, len(action[name]))
    return 1


def action_weight(action: Any) -> int:
    """What an /exchange request costs its sender."""
    return 1 + batch_of(action) // 40 if isinstance(action, dict) else 1


class Limits:
    """Both budgets; switched off, nothing is refused but the account's own figures still count."""

    def __init__(self, is_on: bool = True) -> None:
        self.is_on = is_on
        self._spent: dict[str, deque[tuple[int, int]]] = {}

    def is_over(self, address: str, now_ms: int) -> bool:
        """Whether a network address has used up its minute."""
        is_over = self.is_on and self._used(address, now_ms) >= WEIGHT_A_MINUTE
        if is_over:
            REFUSED.inc()
        return is_over

    def count(self, address: str, weight: int, now_ms: int) -> None:
        """Enters the weight of an answered request."""
        WEIGHT.inc(weight)
        if self.is_on:
            self._spent.setdefault(address, deque()).append((now_ms, weight))

    def _used(self, address: str, now_ms: int) -> int:
        spent = self._spent.get(address)
        if not spent:
            return 0
        while spent and spent[0][0] <= now_ms - WINDOW_MS:
            spent.popleft()
        return sum(weight for _, weight in spent)

    def cap_of(self, account: Account) -> int:
        """The actions an account may send in its life: more with every USDC traded or bought."""
        return FREE_ACTIONS + int(account.volume_usd) + account.requests_reserved

    def spend_actions(self, account: Account, action: dict[str, Any], now_ms: int) -> None:
        """Counts an action; past the cap one gets through every ten seconds. Raises ActionError."""
        cap, batch = self.cap_of(account), batch_of(action)
        is_cancel = "cancel" in str(action.get("type")).lower()
        limit = min(cap + CANCEL_EXTRA, 2 * cap) if is_cancel else cap
        if self.is_on and account.requests_used + batch > limit:
            if now_ms < account.next_request_ms:
                raise ActionError(
                    f"Too many cumulative requests sent ({account.requests_used + batch} > {limit}) for cumulative "
                    f"volume traded ${round(account.volume_usd, 2)}. "
                    "Place taker orders to free up 1 request per USDC traded."
                )
            account.next_request_ms = now_ms + EXHAUSTED_EVERY_MS
        account.requests_used += batch

    def count_stale(self, account: Account) -> None:
        """An action that came after its own expiry costs five."""
        account.requests_used += STALE_COST
