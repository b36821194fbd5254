"""Whether the exchange would take the drafted order: its worth in dollars, its margin, its price."""

from decimal import Decimal

from common.events import IntentKind
from common.trading.losses import margin_with_fees_usd
from common.trading.margin import notional_usd
from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, not_judged, rule
from risk.gate.sizing import NO_DRAFT, PERCENT, Draft


@rule(
    "MIN_NOTIONAL",
    "after rounding down, the order is worth at least the exchange's minimum",
    settings=("min_notional_usd",),
)
def min_notional(inputs: GateInput, draft: Draft | None) -> Judgement:
    """At the lowest price by which the exchange may value the order."""
    limit = inputs.limits.min_notional_usd
    if draft is None:
        return not_judged(NO_DRAFT)
    least_usd = notional_usd(draft.size_coin, min(draft.mark_price, draft.limit_price))
    return Judgement(least_usd >= limit, value=least_usd, limit=limit)


@rule(
    "MAX_NOTIONAL_USD",
    "the order is worth at most the cap; off on paper, required on mainnet",
    settings=("max_notional_usd",),
)
def max_notional(inputs: GateInput, draft: Draft | None) -> Judgement:
    limit = inputs.limits.max_notional_usd
    if draft is None:
        return not_judged(NO_DRAFT)
    passed = limit is None or draft.notional_usd <= limit
    return Judgement(passed, value=draft.notional_usd, limit="off" if limit is None else limit)


@rule("INSUFFICIENT_MARGIN", "margin and fees fit into what is free after all reservations")
def insufficient_margin(inputs: GateInput, draft: Draft | None) -> Judgement:
    if inputs.account is None or draft is None:
        return not_judged(NO_DRAFT)
    reserved_usd = sum((entry.margin_usd for entry in inputs.entries_reserved), Decimal(0))
    free_usd = inputs.account.available_balance_usd - reserved_usd
    needed_usd = margin_with_fees_usd(draft.margin_usd, draft.notional_usd)
    return Judgement(needed_usd <= free_usd, value=needed_usd, limit=free_usd)


@rule(
    "PRICE_COLLAR",
    "the limit price is near the mark, for entries and for exits; for entries mark and mid agree",
    settings=("entry_collar_percent", "exit_collar_percent", "max_mark_mid_gap_percent"),
    for_exits=True,
)
def price_collar(inputs: GateInput, draft: Draft | None) -> Judgement:
    is_entry = inputs.intent_kind is IntentKind.ENTRY
    limit = inputs.limits.entry_collar_percent if is_entry else inputs.limits.exit_collar_percent
    setting = "entry_collar_percent" if is_entry else "exit_collar_percent"
    if draft is None:
        return not_judged(NO_DRAFT, setting)
    if is_entry:
        if inputs.market is None:
            return not_judged("no mid price", setting="max_mark_mid_gap_percent")
        gap = _distance_percent(inputs.market.mid_price, draft.mark_price)
        if gap > inputs.limits.max_mark_mid_gap_percent:
            return Judgement(
                passed=False,
                value=gap,
                limit=inputs.limits.max_mark_mid_gap_percent,
                detail="mark and mid disagree",
                setting="max_mark_mid_gap_percent",
            )
    away = _distance_percent(draft.limit_price, draft.mark_price)
    return Judgement(away <= limit, value=away, limit=limit, setting=setting)


def _distance_percent(price: Decimal, mark_price: Decimal) -> Decimal:
    return abs(price - mark_price) / mark_price * PERCENT
