"""What the drafted order would do: exposure, size in dollars, margin, price."""

from decimal import Decimal

from common.events import IntentKind, RuleResult
from common.trading.margin import notional_usd
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged, not_judged
from risk.sizing import PERCENT, Draft, margin_with_fees_usd

NO_DRAFT = "no order could be drafted"


def gross_exposure(given: GateInput, draft: Draft | None) -> RuleResult:
    setting, limit = "MAX_GROSS_EXPOSURE_RATIO", given.limits.max_gross_exposure_ratio
    if given.account is None or draft is None:
        return not_judged(Code.GROSS_EXPOSURE, NO_DRAFT, setting)
    equity_usd = given.account.equity_usd
    if equity_usd <= 0:
        return judged(Code.GROSS_EXPOSURE, False, value=equity_usd, limit=limit, setting=setting, detail="no equity")
    total_usd = draft.notional_usd + sum((entry.notional_usd for entry in given.entries_reserved), Decimal(0))
    for held in given.account.positions:
        total_usd += notional_usd(held.size_coin, given.mark_of(held))
    return judged(
        Code.GROSS_EXPOSURE, total_usd <= limit * equity_usd, value=total_usd / equity_usd, limit=limit, setting=setting
    )


def min_notional(given: GateInput, draft: Draft | None) -> RuleResult:
    """After rounding down, at the lowest price the exchange may value the order at."""
    limit = given.limits.min_notional_usd
    if draft is None:
        return not_judged(Code.MIN_NOTIONAL, NO_DRAFT, "MIN_NOTIONAL_USD")
    least_usd = notional_usd(draft.size_coin, min(draft.mark_price, draft.limit_price))
    return judged(Code.MIN_NOTIONAL, least_usd >= limit, value=least_usd, limit=limit, setting="MIN_NOTIONAL_USD")


def max_notional(given: GateInput, draft: Draft | None) -> RuleResult:
    limit = given.limits.max_notional_usd
    if draft is None:
        return not_judged(Code.MAX_NOTIONAL_USD, NO_DRAFT, "MAX_NOTIONAL_USD")
    passed = limit is None or draft.notional_usd <= limit
    return judged(
        Code.MAX_NOTIONAL_USD,
        passed,
        value=draft.notional_usd,
        limit="off" if limit is None else limit,
        setting="MAX_NOTIONAL_USD",
    )


def insufficient_margin(given: GateInput, draft: Draft | None) -> RuleResult:
    """Margin and both fees fit into what is free once every reserved entry has taken its own."""
    if given.account is None or draft is None:
        return not_judged(Code.INSUFFICIENT_MARGIN, NO_DRAFT)
    free_usd = given.account.withdrawable_usd - sum((entry.margin_usd for entry in given.entries_reserved), Decimal(0))
    needed_usd = margin_with_fees_usd(draft.margin_usd, draft.notional_usd)
    return judged(Code.INSUFFICIENT_MARGIN, needed_usd <= free_usd, value=needed_usd, limit=free_usd)


def price_collar(given: GateInput, draft: Draft | None) -> RuleResult:
    """The limit price stays near the mark; for an entry mark and mid must also agree."""
    is_entry = given.intent_kind is IntentKind.ENTRY
    limit = given.limits.entry_collar_percent if is_entry else given.limits.exit_collar_percent
    setting = "ENTRY_COLLAR_PERCENT" if is_entry else "EXIT_COLLAR_PERCENT"
    if draft is None:
        return not_judged(Code.PRICE_COLLAR, NO_DRAFT, setting)
    if is_entry:
        if given.market is None:
            return not_judged(Code.PRICE_COLLAR, "no mid price", "MAX_MARK_MID_GAP_PERCENT")
        gap = _distance_percent(given.market.mid_price, draft.mark_price)
        if gap > given.limits.max_mark_mid_gap_percent:
            return judged(
                Code.PRICE_COLLAR,
                False,
                value=gap,
                limit=given.limits.max_mark_mid_gap_percent,
                setting="MAX_MARK_MID_GAP_PERCENT",
                detail="mark and mid disagree",
            )
    away = _distance_percent(draft.limit_price, draft.mark_price)
    return judged(Code.PRICE_COLLAR, away <= limit, value=away, limit=limit, setting=setting)


def _distance_percent(price: Decimal, mark_price: Decimal) -> Decimal:
    return abs(price - mark_price) / mark_price * PERCENT
