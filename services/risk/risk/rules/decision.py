"""What the decision itself says: coin, action, size, leverage, confidence."""

from decimal import Decimal

from common.events import Action, Decision, IntentKind, RuleResult
from common.trading.instruments import INSTRUMENTS
from common.trading.symbols import SYMBOLS
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged, not_judged
from risk.sizing import PERCENT, Draft, can_size


def symbol_unknown(given: GateInput, draft: Draft | None) -> RuleResult:
    symbol = given.decision.symbol
    known = symbol in given.limits.symbols
    if given.intent_kind is not IntentKind.ENTRY:
        # A coin taken off the list can still be closed.
        known = symbol in SYMBOLS
    return judged(
        Code.SYMBOL_UNKNOWN,
        known,
        value=symbol or "none",
        limit=given.limits.allowed_symbols,
        setting="ALLOWED_SYMBOLS",
    )


def action_invalid(given: GateInput, draft: Draft | None) -> RuleResult:
    problem = _problem(given.decision, given.intent_kind)
    return judged(Code.ACTION_INVALID, problem is None, value=given.decision.action, detail=problem)


def size_percent(given: GateInput, draft: Draft | None) -> RuleResult:
    asked, limit = given.decision.position_size_percent, given.limits.max_position_size_percent
    return judged(Code.SIZE_PERCENT, 0 < asked <= limit, value=asked, limit=limit, setting="MAX_POSITION_SIZE_PERCENT")


def leverage(given: GateInput, draft: Draft | None) -> RuleResult:
    """At most the product's limit, the coin's own maximum and that of the margin tier the position falls into."""
    if given.decision.symbol is None:
        return not_judged(Code.LEVERAGE, "no coin", "MAX_LEVERAGE")
    instrument = INSTRUMENTS[given.decision.symbol]
    of_coin = instrument.max_leverage
    if draft is not None:
        of_coin = min(of_coin, instrument.tier(draft.notional_usd).max_leverage)
    limit = min(given.limits.max_leverage, of_coin)
    asked = given.decision.leverage
    detail = f"{instrument.symbol} allows at most {of_coin}" if of_coin < given.limits.max_leverage else None
    return judged(Code.LEVERAGE, 1 <= asked <= limit, value=asked, limit=limit, setting="MAX_LEVERAGE", detail=detail)


def confidence(given: GateInput, draft: Draft | None) -> RuleResult:
    stated, limit = given.decision.confidence, given.limits.min_confidence
    return judged(Code.CONFIDENCE, stated >= limit, value=stated, limit=limit, setting="MIN_CONFIDENCE")


def _problem(decision: Decision, intent_kind: IntentKind) -> str | None:
    if intent_kind is not IntentKind.ENTRY:
        return None if decision.action is Action.CLOSE else f"{decision.action} closes nothing"
    if decision.action not in (Action.LONG, Action.SHORT):
        return f"{decision.action} opens nothing"
    if isinstance(decision.leverage, bool) or not can_size(decision):
        return f"leverage must be at least 1 and the size above 0 and at most {PERCENT} percent"
    if not decision.confidence.is_finite() or not 0 <= decision.confidence <= PERCENT:
        return "confidence must be between 0 and 100"
    for name, price in (("stop_loss", decision.stop_loss), ("take_profit", decision.take_profit)):
        if price is not None and (not price.is_finite() or price <= Decimal(0)):
            return f"{name} must be a positive price"
    return None
