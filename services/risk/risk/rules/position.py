"""What is held already, and what is under way."""

from common.events import Action, RuleResult
from common.trading.orders import Side
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged, not_judged
from risk.sizing import Draft


def position_held(given: GateInput, draft: Draft | None) -> RuleResult:
    """No second entry on a coin on the same side, nor any while an order or an old trigger of that coin is alive."""
    if given.account is None:
        return not_judged(Code.POSITION_HELD, "no account state")
    symbol, side = given.decision.symbol, _side(given)
    held = given.position
    if held is not None and held.side is side:
        return judged(Code.POSITION_HELD, False, value=held.side, detail=f"{symbol} is already held {held.side}")
    if any(reserved.symbol is symbol and reserved.side is side for reserved in given.reservations):
        return judged(Code.POSITION_HELD, False, value=side or "none", detail=f"an order on {symbol} is under way")
    if held is None and any(order.symbol is symbol for order in given.account.open_orders):
        return judged(Code.POSITION_HELD, False, value="orders", detail=f"old orders on {symbol} are still open")
    return judged(Code.POSITION_HELD, True, value="none")


def flip_without_close(given: GateInput, draft: Draft | None) -> RuleResult:
    if given.account is None:
        return not_judged(Code.FLIP_WITHOUT_CLOSE, "no account state")
    side, held = _side(given), given.position
    opposed = held is not None and held.side is not side
    opposed = opposed or any(
        reserved.symbol is given.decision.symbol and reserved.side is not side for reserved in given.reservations
    )
    detail = f"{given.decision.symbol} is held on the other side; close it first" if opposed else None
    return judged(Code.FLIP_WITHOUT_CLOSE, not opposed, value="opposed" if opposed else "none", detail=detail)


def no_position(given: GateInput, draft: Draft | None) -> RuleResult:
    """An exit needs something to close; the last known account state decides, however old."""
    if given.account is None:
        return not_judged(Code.NO_POSITION, "no account state")
    held = given.position
    detail = None if held is not None else f"{given.decision.symbol} is not held"
    return judged(Code.NO_POSITION, held is not None, value=held.side if held else "none", detail=detail)


def open_positions(given: GateInput, draft: Draft | None) -> RuleResult:
    """Positions held, whoever opened them, and entries under way, per coin."""
    limit = given.limits.max_open_positions
    if given.account is None:
        return not_judged(Code.OPEN_POSITIONS, "no account state", "MAX_OPEN_POSITIONS")
    coins = {held.symbol for held in given.account.positions} | {entry.symbol for entry in given.entries_reserved}
    return judged(Code.OPEN_POSITIONS, len(coins) < limit, value=len(coins), limit=limit, setting="MAX_OPEN_POSITIONS")


def _side(given: GateInput) -> Side | None:
    return {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}.get(given.decision.action)
