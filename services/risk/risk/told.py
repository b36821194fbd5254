"""What risk tells besides its events, in Redis, as nobody else may read its settings and its table.

`risk:limits`: the limits in force. `risk:day:{model}`: the equity with which the model's UTC day of market time began.
"""

import json

from common.runtime.service import Service
from common.trading.limits import Limits
from risk.gatekeeper import RiskGate

LIMITS_KEY = "risk:limits"
DAY_KEY = "risk:day:"
LOOK_S = 1.0
EVERY_S = 5.0


def limits_value(limits: Limits) -> str:
    """Every limit by its name, decimals as strings."""
    return json.dumps(limits.model_dump(mode="json"))


def told(gate: RiskGate) -> dict[str, str]:
    """The values by key."""
    values = {LIMITS_KEY: limits_value(gate.limits)}
    for model in gate.models:
        baseline = gate.state.durable.record(model).baseline
        if baseline is not None:
            values[DAY_KEY + model] = json.dumps({"day": baseline.day, "equity_usd": str(baseline.equity_usd)})
    return values


async def tell(service: Service, gate: RiskGate) -> None:
    """Keeps the keys there, also after Redis was wiped; what has changed is told within a second."""
    last: dict[str, str] = {}
    told_at = float("-inf")
    while True:
        values, now = told(gate), service.clock.monotonic()
        if service.is_owner and (values != last or now - told_at >= EVERY_S):
            await service.publish(cache=values)
            last, told_at = values, now
        await service.clock.sleep(LOOK_S)
