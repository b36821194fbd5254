"""Reports readiness and gauges."""

from typing import Final

from common.runtime.service import Service
from risk import metrics
from risk.gate.halts import TradingState, applicable_to, most_severe
from risk.handlers import RiskHandlers

EVERY_S: Final = 1.0


async def report(service: Service, handlers: RiskHandlers) -> None:
    """Sets, once a second, the unmet readiness conditions, the reservations and the trading states."""
    conditions = ("market", *(f"account-{model}" for model in handlers.models))
    states = list(TradingState)
    while True:
        missing = handlers.state.missing(handlers.coins)
        for name in conditions:
            service.set_ready(name, name not in missing, missing.get(name, ""))
        for model in handlers.models:
            halts = applicable_to(model, handlers.state.persistent.halts)
            metrics.RESERVED.labels(model).set(len(handlers.state.model(model).reservations))
            metrics.TRADING_STATE.labels(model).set(states.index(most_severe(halts)))
        await service.clock.sleep(EVERY_S)
