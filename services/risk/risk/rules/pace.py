"""How often: per day, per coin, per minute, and never twice for the same cause."""

from common.events import RuleResult
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged
from risk.sizing import Draft


def daily_trades(given: GateInput, draft: Draft | None) -> RuleResult:
    count, limit = given.entries_today, given.limits.max_daily_trades
    return judged(Code.DAILY_TRADES, count < limit, value=count, limit=limit, setting="MAX_DAILY_TRADES")


def cooldown(given: GateInput, draft: Draft | None) -> RuleResult:
    limit_ms = given.limits.entry_cooldown_s * 1000
    if given.last_entry_ms is None:
        return judged(Code.COOLDOWN, True, value="none", limit=limit_ms // 1000, setting="ENTRY_COOLDOWN_S")
    since_ms = given.market_ms - given.last_entry_ms
    return judged(
        Code.COOLDOWN,
        since_ms >= limit_ms,
        value=since_ms // 1000,
        limit=limit_ms // 1000,
        setting="ENTRY_COOLDOWN_S",
        detail="seconds of market time since the latest entry on this coin",
    )


def rate(given: GateInput, draft: Draft | None) -> RuleResult:
    count, limit = given.orders_last_minute, given.limits.max_orders_per_minute
    return judged(Code.RATE, count < limit, value=count, limit=limit, setting="MAX_ORDERS_PER_MINUTE")


def duplicate(given: GateInput, draft: Draft | None) -> RuleResult:
    detail = f"this cycle has had its {given.intent_kind} already" if given.seen_before else None
    return judged(Code.DUPLICATE, not given.seen_before, value=given.intent_kind, detail=detail)
