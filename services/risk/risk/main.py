"""Risk: judges each agent.decision against the limits.

Reads    market.tick, market.snapshot, agent.decision, order.*, account.updated, control.command; the tables intents
         and verdicts, the stream risk.approved, and when memory is rebuilt account:{model} and snapshot:latest.
Writes   risk.approved, risk.denied, system.alert; the table risk_state; the caches risk:limits
         and risk:day:{model}.
State    RiskState: marks, accounts, reservations, the day's counters; rebuilt before the first decision.
Failure  An unreadable event is dead-lettered; while Redis or PostgreSQL is unreachable nothing is approved.
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
from common.runtime.database_watch import watch_database
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from common.trading.limits import Limits
from common.trading.roster import Roster
from risk.config import RiskSettings
from risk.handlers import RiskHandlers
from risk.storage.rebuild import rebuild
from risk.storage.risk_state_table import RiskStateTable
from risk.tasks.disk import measure_disk, report_disk
from risk.tasks.lost_approvals import deny_lost_approvals
from risk.tasks.publish_limits import publish_limits
from risk.tasks.report import report


def compose(service: Service, limits: Limits, pool: Pool, roster: Roster) -> RiskHandlers:
    """Registers the handlers and their storage on an open service."""
    handlers = RiskHandlers(limits, roster, service.log)
    table = RiskStateTable(pool, roster.ids, service.report_unreadable)

    async def load_state() -> None:
        handlers.state = await rebuild(
            handlers.limits,
            roster.ids,
            table,
            pool,
            service.bus,
            service.clock,
            service.stopping,
            service.report_unreadable,
        )

    async def save_state() -> None:
        await table.save(handlers.state.persistent)

    service.on_rebuild(load_state)
    service.before_commit(save_state)
    service.on(MarketTick, handlers.on_market_tick)
    service.on(MarketSnapshot, handlers.on_market_snapshot)
    # A halt that is stored with a verdict must have been known to it.
    service.on(AgentDecision, handlers.on_agent_decision, comes_last=True)
    service.on(AccountUpdated, handlers.on_account_updated)
    service.on(OrderAccepted, handlers.on_order_accepted)
    service.on(OrderRejected, handlers.on_order_rejected)
    service.on(OrderCancelled, handlers.on_order_cancelled)
    service.on(OrderFilled, handlers.on_order_filled)
    service.on(ControlCommand, handlers.on_control_command)
    service.spawn("report", partial(report, service, handlers))
    service.spawn("lost-approvals", partial(deny_lost_approvals, service, pool))
    return handlers


async def main() -> None:
    roster = load_roster("risk")
    settings = load_settings("risk", RiskSettings)
    limits = settings.limits(roster)
    async with Service.open("risk", settings, contenders=roster.ids, lease=True) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        try:
            await migrate(pool, "risk")
            handlers = compose(service, limits, pool, roster)
            service.spawn("disk", partial(measure_disk, service, handlers, settings.aicoin_data_dir))
            service.spawn("disk-report", partial(report_disk, service, handlers, settings.disk_low_percent))
            service.spawn("publish-limits", partial(publish_limits, service, handlers))
            service.spawn("database", partial(watch_database, service, pool))
            await service.run()
        finally:
            await pool.close()


if __name__ == "__main__":
    run_service(main)
