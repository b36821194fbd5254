"""Risk: judges each agent.decision against the limits.

Reads    market.tick, market.snapshot, agent.decision, order.*, account.updated, control.command; the tables intents
         and verdicts, the stream risk.approved, and when memory is rebuilt account:{model} and snapshot:latest.
Writes   risk.approved, risk.denied, system.alert; the table risk_state; the caches risk:limits
         and risk:day:{model}.
State    RiskState: marks, accounts, reservations, the day's counters; rebuilt before the first decision.
Failure  An unreadable event is dead-lettered; while Redis or PostgreSQL is away nothing is approved.
"""

from functools import partial

from common.events import (
    AccountUpdated,
    AgentDecision,
    ControlCommand,
    MarketSnapshot,
    MarketTick,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from common.trading.symbols import MODELS, SYMBOLS
from risk.config import RiskSettings
from risk.gatekeeper import RiskGate
from risk.rebuild import rebuild
from risk.report import report
from risk.store import RiskStore
from risk.told import tell
from risk.voids import void_lost_approvals


def compose(service: Service, settings: RiskSettings, pool: Pool) -> RiskGate:
    """The gate with everything that it hears and does, on an open service."""
    gate, store = RiskGate(settings.limits.for_coins(SYMBOLS), MODELS), RiskStore(pool, MODELS)

    async def load_state() -> None:
        gate.state = await rebuild(gate.limits, MODELS, store, pool, service.bus, service.clock, service.stopping)

    async def save_state() -> None:
        await store.save(gate.state.durable)

    service.on_rebuild(load_state)
    service.before_commit(save_state)
    service.on(MarketTick, gate.mark)
    service.on(MarketSnapshot, gate.snapshot)
    service.on(AgentDecision, gate.judge)
    service.on(AccountUpdated, gate.account)
    service.on(OrderAccepted, gate.accepted)
    service.on(OrderRejected, gate.rejected)
    service.on(OrderCancelled, gate.cancelled)
    service.on(OrderFilled, gate.filled)
    service.on(ControlCommand, gate.command)
    service.spawn("report", partial(report, service, gate))
    service.spawn("voids", partial(void_lost_approvals, service, pool))
    return gate


async def main() -> None:
    settings = load_settings("risk", RiskSettings)
    async with Service.open("risk", settings, lease=True) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        try:
            await migrate(pool, "risk")
            service.spawn("told", partial(tell, service, compose(service, settings, pool)))
            await service.run()
        finally:
            await pool.close()


if __name__ == "__main__":
    run_service(main)
