"""The actions that an account may send: by its volume, or so many a day where perpetuals and spot have one balance.

Source: Hyperliquid docs, Rate limits (address-based limits), Account abstraction modes.
"""

from typing import Any

from simulator.exchange.errors import ActionError
from simulator.exchange.state.account import Account

FREE_ACTIONS = 10_000
CANCEL_EXTRA = 100_000
POOLED_ACTIONS_A_DAY = 50_000
DAY_MS = 86_400_000
EXHAUSTED_EVERY_MS = 10_000
EXPIRED_COST = 5


def batch_size(action: dict[str, Any]) -> int:
    """How many requests an action counts as."""
    for name in ("orders", "cancels", "modifies"):
        if isinstance(action.get(name), list):
            return max(1, len(action[name]))
    return 1


def quota_of(account: Account) -> int:
    """The actions an account may send: one more for every USDC traded, and those it has bought; or the day's."""
    if account.is_pooled:
        return POOLED_ACTIONS_A_DAY
    return FREE_ACTIONS + int(account.volume_usd) + account.requests_reserved


def spend(account: Account, action: dict[str, Any], now_ms: int, *, is_enforced: bool) -> None:
    """Counts an action; past the quota one is accepted every ten seconds. Raises ActionError."""
    if account.is_pooled:
        _spend_of_day(account, batch_size(action), now_ms, is_enforced=is_enforced)
        return
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


def used(account: Account, now_ms: int) -> int:
    """The actions that count towards the quota."""
    if not account.is_pooled:
        return account.requests_used
    day, count = account.actions_by_day
    return count if day == now_ms // DAY_MS else 0


def _spend_of_day(account: Account, batch: int, now_ms: int, *, is_enforced: bool) -> None:
    count = used(account, now_ms) + batch
    if is_enforced and count > POOLED_ACTIONS_A_DAY:
        raise ActionError(f"Too many requests sent today ({count} > {POOLED_ACTIONS_A_DAY}).")
    account.actions_by_day = (now_ms // DAY_MS, count)
    account.requests_used += batch


def count_expired(account: Account) -> None:
    """Counts an action that arrived after its own expiry: it costs five."""
    account.requests_used += EXPIRED_COST
