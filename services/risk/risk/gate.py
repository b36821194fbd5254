"""The gate: one frozen input in, one verdict out. Pure, fail-closed, every rule recorded."""

from dataclasses import dataclass

from common.events import Action, IntentKind, Invalidation, OrderIntent, RuleResult
from common.trading.orders import Side, entry_side, exit_side
from risk.gate_input import GateInput
from risk.rules.table import RULES
from risk.sizing import Draft, can_size, draft_entry, draft_exit

SIDES = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Approved when `code` is None: then `draft` is the order. Otherwise `code` is the first failing rule's."""

    code: str | None
    rules: tuple[RuleResult, ...]
    draft: Draft | None


def judge(given: GateInput) -> Verdict:
    """Judges by every rule that applies to the intent_kind, in order, whatever the ones before said."""
    is_entry = given.intent_kind is IntentKind.ENTRY
    order = draft(given)
    results = tuple(rule.check(given, order) for rule in RULES if (rule.for_entries if is_entry else rule.for_exits))
    denial = next((result.code for result in results if not result.passed), None)
    return Verdict(denial, results, order)


def draft(given: GateInput) -> Draft | None:
    """The order the decision asks for, or None where mark, account, position or sane numbers are missing."""
    if given.account is None:
        return None
    market = given.market if given.market is not None and given.market.mark_price > 0 else None
    if given.intent_kind is not IntentKind.ENTRY:
        held = given.position
        if held is None:
            return None
        return draft_exit(given.limits, held, market.mark_price if market else held.mark_price)
    side = SIDES.get(given.decision.action)
    if market is None or side is None or given.decision.symbol is None or not can_size(given.decision):
        return None
    return draft_entry(
        given.limits,
        given.decision,
        side,
        equity_usd=given.account.equity_usd,
        mark_price=market.mark_price,
        mid_price=market.mid_price,
    )


def intent_of(
    order: Draft, valid_until_ms: int, condition: Invalidation | None = None, watched_after_ms: int | None = None
) -> OrderIntent:
    """The approved order as the executor gets it; only entries expire (`valid_until_ms`, wall) and are watched."""
    condition = condition if order.is_entry else None
    side = entry_side(order.side) if order.is_entry else exit_side(order.side)
    return OrderIntent(
        symbol=order.symbol,
        side=side,
        size_coin=order.size_coin,
        limit_price=order.limit_price,
        reduce_only=not order.is_entry,
        leverage=order.leverage,
        mark_price=order.mark_price,
        notional_usd=order.notional_usd,
        initial_margin_usd=order.margin_usd,
        stop_loss_price=order.stop_loss_price,
        take_profit_price=order.take_profit_price,
        valid_until_ms=valid_until_ms if order.is_entry else None,
        invalidation_condition=condition,
        watched_after_ms=None if condition is None else watched_after_ms,
    )
