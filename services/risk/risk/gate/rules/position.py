"""Whether the coin is free to be entered, or held so that it can be closed. Unfinished intents count as held."""

from common.events import Action
from common.trading.orders import Side
from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, not_judged, rule
from risk.gate.sizing import Draft


@rule(
    "POSITION_HELD",
    "the coin is not held on this side and has no unfinished order there; if not held at all, no order of it is "
    "left open",
)
def position_held(inputs: GateInput, draft: Draft | None) -> Judgement:
    """No second entry on a coin on the same side, nor any while an order or an old trigger of that coin is alive."""
    if inputs.account is None:
        return not_judged("no account state")
    symbol, side = inputs.decision.symbol, _side(inputs)
    held = inputs.position
    if held is not None and held.side is side:
        return Judgement(passed=False, value=held.side, detail=f"{symbol} is already held {held.side}")
    if any(reserved.symbol is symbol and reserved.side is side for reserved in inputs.reservations):
        return Judgement(passed=False, value=side or "none", detail=f"an order on {symbol} is unfinished")
    if held is None and any(order.symbol is symbol for order in inputs.account.open_orders):
        return Judgement(passed=False, value="orders", detail=f"old orders on {symbol} are still open")
    return Judgement(passed=True, value="none")


@rule(
    "FLIP_WITHOUT_CLOSE",
    "the coin is neither held on the other side nor has it an unfinished order there",
)
def flip_without_close(inputs: GateInput, draft: Draft | None) -> Judgement:
    if inputs.account is None:
        return not_judged("no account state")
    side, held = _side(inputs), inputs.position
    opposed = held is not None and held.side is not side
    opposed = opposed or any(
        reserved.symbol is inputs.decision.symbol and reserved.side is not side for reserved in inputs.reservations
    )
    detail = f"{inputs.decision.symbol} is held on the other side; close it first" if opposed else None
    return Judgement(not opposed, value="opposed" if opposed else "none", detail=detail)


@rule(
    "NO_POSITION",
    "there is a position to close, by the last known account state",
    for_entries=False,
    for_exits=True,
)
def no_position(inputs: GateInput, draft: Draft | None) -> Judgement:
    """The last known account state decides, however old it is: an exit only ever reduces."""
    if inputs.account is None:
        return not_judged("no account state")
    held = inputs.position
    detail = None if held is not None else f"{inputs.decision.symbol} is not held"
    return Judgement(held is not None, value=held.side if held else "none", detail=detail)


def _side(inputs: GateInput) -> Side | None:
    return {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}.get(inputs.decision.action)
