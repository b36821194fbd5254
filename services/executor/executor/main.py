"""Executor: one Hyperliquid account per model through the official SDK.

Reads    risk.approved, control.command
Writes   order.accepted, order.rejected, order.cancelled, order.filled, account.updated, system.alert; account:{model}
State    tables intents, intent_orders, intent_sends, executor_*; the exchange's own record is the truth
Failure  an unknown outcome is asked for, never guessed; a position without a confirmed stop is closed
"""

import resource

from common.events import ControlCommand, RiskApproved
from common.runtime.database import KeptConnection, Pool, migrate, open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings, make_folder, refuse_start
from executor.config import ExecutorSettings
from executor.exchange.client import Door
from executor.exchange.errors import NoCertificates
from executor.exchange.user_stream import AccountFeed
from executor.handlers import Executor


def compose(
    service: Service,
    settings: ExecutorSettings,
    pool: Pool,
    door: Door | None = None,
    quick: KeptConnection | None = None,
) -> Executor:
    """The executor with its handlers and lanes, on an open service; nobody listens to the accounts' feeds yet."""
    executor = Executor(pool, service, settings, door, quick)
    service.on(RiskApproved, executor.take)
    service.on(ControlCommand, executor.obey)
    service.on_rebuild(executor.rebuild)
    service.spawn("outbox", executor.outbox.run)
    for model, lane in executor.lanes.items():
        service.spawn(f"lane-{model}", lane.run)
        service.spawn(f"vigil-{model}", lane.vigil.run)
    return executor


def forbid_core_files() -> None:
    """A crash must not write the keys to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def main() -> None:
    forbid_core_files()
    settings = load_settings("executor", ExecutorSettings)
    make_folder("executor", "EXECUTOR_DATA_DIR", settings.executor_data_dir)
    async with Service.open("executor", settings, lease=True) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        quick = KeptConnection(await open_pool(settings.database_url.get_secret_value(), max_size=2, autocommit=True))
        await migrate(pool, "executor")
        try:
            executor = compose(service, settings, pool, quick=quick)
        except NoCertificates as error:
            refuse_start("executor", [str(error)])
        for model, lane in executor.lanes.items():
            feed = AccountFeed(settings.api_url, settings.address_of(model), lane, service.clock, service.log)
            service.spawn(f"feed-{model}", feed.run)
        await service.run()
        await quick.close()
        await pool.close()
    if executor.problems:
        refuse_start("executor", executor.problems)


if __name__ == "__main__":
    run_service(main)
