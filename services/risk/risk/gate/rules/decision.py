"""Whether the decision is one that can be carried out: its coin, its action, and numbers in their ranges."""

from decimal import Decimal

from common.events import Action, Decision, IntentKind
from common.trading.instruments import INSTRUMENTS
from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, rule
from risk.gate.sizing import PERCENT, Draft, can_size


@rule(
    "SYMBOL_UNKNOWN",
    "an entry's coin is in ALLOWED_SYMBOLS; an exit's need only be an instrument that the code knows",
    settings=("allowed_symbols",),
    for_exits=True,
)
def symbol_unknown(inputs: GateInput, draft: Draft | None) -> Judgement:
    """A coin that was taken off the list can still be closed."""
    symbol = inputs.decision.symbol
    known = inputs.limits.symbols if inputs.intent_kind is IntentKind.ENTRY else INSTRUMENTS.keys()
    return Judgement(symbol in known, value=symbol or "none", limit=inputs.limits.allowed_symbols)


@rule(
    "ACTION_INVALID",
    "an entry is LONG or SHORT, an exit is CLOSE, and an entry's numbers are finite and in their ranges",
    for_exits=True,
)
def action_invalid(inputs: GateInput, draft: Draft | None) -> Judgement:
    problem = _problem(inputs.decision, inputs.intent_kind)
    return Judgement(problem is None, value=inputs.decision.action, detail=problem)


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
