"""May this model open positions at all?"""

from common.events import RuleResult
from risk.codes import Code
from risk.gate_input import GateInput
from risk.halts import TradingState
from risk.rules.results import judged
from risk.sizing import Draft


def state_halted(given: GateInput, draft: Draft | None) -> RuleResult:
    return _free_of(given, Code.STATE_HALTED, TradingState.HALTED)


def state_reducing(given: GateInput, draft: Draft | None) -> RuleResult:
    return _free_of(given, Code.STATE_REDUCING, TradingState.REDUCING)


def _free_of(given: GateInput, code: Code, state: TradingState) -> RuleResult:
    reasons = [halt for halt in given.halts if halt.state is state]
    detail = "; ".join(f"{halt.reason}: {halt.detail}" if halt.detail else halt.reason for halt in reasons)
    return judged(code, not reasons, value=state if reasons else "free", detail=detail or None)
