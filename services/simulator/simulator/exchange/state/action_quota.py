"""The actions that an account may send in its life. Source: Hyperliquid docs, Rate limits (address-based limits)."""

from typing import Any

from simulator.exchange.errors import ActionError
from simulator.exchange.state.account import Account

FREE_ACTIONS = 10_000
CANCEL_EXTRA = 100_000
EXHAUSTED_EVERY_MS = 10_000
EXPIRED_COST = 5


def batch_size(action: dict[str, Any]) -> int:
    """How many requests an action counts as."""
    for name in ("orders", "cancels", "modifies"):
        if isinstance(action.get(name), list):
            return max(1, len(action[name]))
    return 1


def quota_of(account: Account) -> int:
    """The actions an account may send: one more for every USDC traded, and those it has bought."""
    return FREE_ACTIONS + int(account.volume_usd) + account.requests_reserved


def spend(account: Account, action: dict[str, Any], now_ms: int, *, is_enforced: bool) -> None:
    """Counts an action; past the quota one is accepted every ten seconds. Raises ActionError."""
    quota, batch = quota_of(account), batch_size(action)
    is_cancel = "cancel" in str(action.get("type")).lower()
    limit = min(quota + CANCEL_EXTRA, 2 * quota) if is_cancel else quota
    if is_enforced and account.requests_used + batch > limit:
        if now_ms < account.next_request_ms:
            raise ActionError(
                f"Too many cumulative requests sent ({account.requests_used + batch} > {limit}) for cumulative "
                f"volume traded ${round(account.volume_usd, 2)}. "
                "Place taker orders to free up 1 request per USDC traded."
            )
        account.next_request_ms = now_ms + EXHAUSTED_EVERY_MS
    account.requests_used += batch


def count_expired(account: Account) -> None:
    """Counts an action that arrived after its own expiry: it costs five."""
    account.requests_used += EXPIRED_COST
