"""Reports readiness and gauges."""

from typing import Final

from common.runtime.service import Service
from risk import metrics
from risk.gate.halts import TradingState, applicable_to, most_severe
from risk.handlers import RiskHandlers
from risk.state.limit_use import drawdown_fraction, limit_use

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
            _report_account(service, handlers, model)
        await service.clock.sleep(EVERY_S)


def _report_account(service: Service, handlers: RiskHandlers, model: str) -> None:
    state = handlers.state
    for limit, share in limit_use(handlers.limits, state, model).items():
        metrics.LIMIT_USED.labels(model, limit).set(share)
    account = state.model(model).account
    if account is None:
        return
    metrics.EQUITY_USD.labels(model).set(float(account.equity_usd))
    metrics.BALANCE_USD.labels(model).set(float(account.balance_usd))
    metrics.POSITIONS.labels(model).set(len(account.positions))
    metrics.ACCOUNT_AGE_S.labels(model).set((service.clock.now_ms() - account.received_ms) / 1000)
    fallen = drawdown_fraction(state, model)
    if fallen is not None:
        metrics.DRAWDOWN.labels(model).set(fallen)
