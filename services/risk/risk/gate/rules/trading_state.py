"""Whether the model may open positions at all."""

from risk.gate.gate_input import GateInput
from risk.gate.halts import TradingState
from risk.gate.rules.rule import NO_SETTING, Judgement, rule
from risk.gate.sizing import Draft


@rule(
    "STATE_HALTED",
    "no active reason halts the model or all models: a person's halt or a drawdown, ended by a person's resume",
)
def state_halted(inputs: GateInput, draft: Draft | None) -> Judgement:
    return _no_halt_in(TradingState.HALTED, inputs)


@rule(
    "STATE_REDUCING",
    "no active reason allows exits only: the daily loss until the next UTC day, a pause after stops, an external "
    "position until it is closed, an unfinished flatten, an account that the executor's checks or an unexplained "
    "equity hold back until that is over",
    settings=("max_stops_per_day", "stops_pause_hours"),
)
def state_reducing(inputs: GateInput, draft: Draft | None) -> Judgement:
    return _no_halt_in(TradingState.REDUCING, inputs)


@rule(
    "DISK_FULL",
    "the disk with the arena's data has room for what follows from a position; not judged where it can't be measured",
    settings=("min_disk_free_percent",),
)
def disk_full(inputs: GateInput, draft: Draft | None) -> Judgement:
    limit = inputs.limits.min_disk_free_percent
    if inputs.disk_free_percent is None:
        return Judgement(passed=True, limit=limit, detail="the disk can't be measured")
    return Judgement(inputs.disk_free_percent >= limit, value=inputs.disk_free_percent, limit=limit)


def _no_halt_in(state: TradingState, inputs: GateInput) -> Judgement:
    halts = [halt for halt in inputs.halts if halt.state is state]
    detail = "; ".join(f"{halt.reason}: {halt.detail}" if halt.detail else halt.reason for halt in halts)
    return Judgement(not halts, value=state if halts else "free", detail=detail or None, setting=NO_SETTING)
