"""How often orders may follow each other: per coin, per minute, and once per cycle."""

from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, rule
from risk.gate.sizing import Draft


@rule(
    "COOLDOWN",
    "the latest entry on this coin is long enough ago, in market time",
    settings=("entry_cooldown_s",),
)
def cooldown(inputs: GateInput, draft: Draft | None) -> Judgement:
    limit_ms = inputs.limits.entry_cooldown_s * 1000
    if inputs.last_entry_ms is None:
        return Judgement(passed=True, value="none", limit=limit_ms // 1000)
    since_ms = inputs.market_ms - inputs.last_entry_ms
    return Judgement(
        since_ms >= limit_ms,
        value=since_ms // 1000,
        limit=limit_ms // 1000,
        detail="seconds of market time since the latest entry on this coin",
    )


@rule(
    "RATE",
    "the model's approved orders, exits included, within one minute of market time are fewer than the limit",
    settings=("max_orders_per_minute",),
)
def rate(inputs: GateInput, draft: Draft | None) -> Judgement:
    count, limit = inputs.orders_last_minute, inputs.limits.max_orders_per_minute
    return Judgement(count < limit, value=count, limit=limit)


@rule(
    "DUPLICATE",
    "this model has no other approved order of this kind (entry or exit) in this cycle",
    for_exits=True,
)
def duplicate(inputs: GateInput, draft: Draft | None) -> Judgement:
    detail = f"this cycle already has its approved {inputs.intent_kind}" if inputs.seen_before else None
    return Judgement(not inputs.seen_before, value=inputs.intent_kind, detail=detail)
