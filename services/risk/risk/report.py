"""What risk says about itself between events: readiness and gauges."""

from common.runtime.service import Service
from risk import metrics
from risk.gatekeeper import RiskGate
from risk.halts import TradingState, concerning, worst

EVERY_S = 1.0


async def report(service: Service, gate: RiskGate) -> None:
    """Once a second: unmet readiness conditions, reservations, trading states."""
    conditions = ("market", *(f"account-{model}" for model in gate.models))
    states = list(TradingState)
    while True:
        missing = gate.state.missing()
        for name in conditions:
            service.set_ready(name, name not in missing, missing.get(name, ""))
        for model in gate.models:
            metrics.RESERVED.labels(model).set(len(gate.state.models[model].reservations))
            metrics.TRADING_STATE.labels(model).set(states.index(worst(concerning(gate.state.durable.halts, model))))
        await service.clock.sleep(EVERY_S)
