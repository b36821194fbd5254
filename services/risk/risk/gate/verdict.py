"""The verdict: one frozen input in, one approved or denied order out. Fails closed, and records every rule."""

from dataclasses import dataclass

from common.events import Action, IntentKind, Invalidation, OrderIntent, RuleResult
from common.trading.orders import Side, entry_side, exit_side
from risk.gate.gate_input import GateInput
from risk.gate.rules.table import RULES
from risk.gate.sizing import Draft, can_size, draft_entry, draft_exit

SIDES = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Approved when `denial_code` is None: then `draft` is the order. Otherwise it is the first failing rule's."""

    denial_code: str | None
    rules: tuple[RuleResult, ...]
    draft: Draft | None


def judge(inputs: GateInput) -> Verdict:
    """Judges by every rule that applies to the intent's kind, in order; a failing rule doesn't end the judgement."""
    draft = draft_order(inputs)
    results = tuple(rule.judge(inputs, draft) for rule in RULES if rule.applies_to(inputs.intent_kind))
    denial_code = next((result.code for result in results if not result.passed), None)
    return Verdict(denial_code, results, draft)


def draft_order(inputs: GateInput) -> Draft | None:
    """The order the decision asks for, or None where mark, account, position or sane numbers are missing."""
    if inputs.account is None:
        return None
    market = inputs.market if inputs.market is not None and inputs.market.mark_price > 0 else None
    if inputs.intent_kind is not IntentKind.ENTRY:
        held = inputs.position
        if held is None:
            return None
        return draft_exit(inputs.limits, held, market.mark_price if market else held.mark_price)
    side = SIDES.get(inputs.decision.action)
    if market is None or side is None or inputs.decision.symbol is None or not can_size(inputs.decision):
        return None
    return draft_entry(
        inputs.limits,
        inputs.decision,
        side,
        equity_usd=inputs.account.equity_usd,
        mark_price=market.mark_price,
        mid_price=market.mid_price,
    )


def intent_of(
    draft: Draft, valid_until_ms: int, condition: Invalidation | None = None, watched_after_ms: int | None = None
) -> OrderIntent:
    """The approved order as the executor reads it.

    Only an entry expires (`valid_until_ms`, wall time), and only an entry carries an invalidation condition, which is
    judged on candles that close after `watched_after_ms` (market time).
    """
    condition = condition if draft.is_entry else None
    side = entry_side(draft.side) if draft.is_entry else exit_side(draft.side)
    return OrderIntent(
        symbol=draft.symbol,
        side=side,
        size_coin=draft.size_coin,
        limit_price=draft.limit_price,
        reduce_only=not draft.is_entry,
        leverage=draft.leverage,
        mark_price=draft.mark_price,
        notional_usd=draft.notional_usd,
        initial_margin_usd=draft.margin_usd,
        stop_loss_price=draft.stop_loss_price,
        take_profit_price=draft.take_profit_price,
        valid_until_ms=valid_until_ms if draft.is_entry else None,
        invalidation_condition=condition,
        watched_after_ms=None if condition is None else watched_after_ms,
    )
