"""Executor: one Hyperliquid account per contender through the official SDK.

Reads    risk.approved, control.command
Writes   order.accepted, order.rejected, order.cancelled, order.filled, account.updated, account.ledger, system.alert
         and the cache account:{model}
State    tables intents, intent_orders, intent_sends, executor_*; the exchange's own record is the truth
Failure  an unknown outcome is asked for, never guessed; a position without a confirmed stop is closed
"""

import resource
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from structlog.typing import FilteringBoundLogger

from common.events import ControlCommand, RiskApproved
from common.runtime.database import KeptConnection, Pool, migrate, open_pool
from common.runtime.database_watch import watch_database
from common.runtime.outside.proxies import proxy_problem
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import folder_problem, load_settings, refuse_start
from executor.account import metrics
from executor.account.context import AccountContext
from executor.account.protection.memory import ProtectionMemory
from executor.account.watch.clock import watch_clock
from executor.account.watch.halts import HaltKeeper
from executor.account.watch.retention import ExecutionRetention
from executor.account.worker import AccountWorker
from executor.config import ExecutorSettings, executor_settings
from executor.domain.account_standing import AccountStanding
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import UnusableEnvironment
from executor.exchange.http import ExchangeConfig
from executor.exchange.rate_limit import START_MINUTES, RequestRateLimiter
from executor.exchange.universe import Universe
from executor.exchange.user_stream import UserStream
from executor.handlers import ExecutorHandlers
from executor.storage.cash_ledger import CashLedgerStore
from executor.storage.epochs import EpochStore
from executor.storage.fills import FillStore
from executor.storage.flattens import FlattenStore
from executor.storage.halt_table import HaltTable
from executor.storage.halts import HaltFiles, hold_folder, note_start
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from executor.storage.outbox import Outbox
from executor.storage.protection_file import ProtectionFile

MINUTE_S: Final = 60.0
LEAST_START_MINUTES: Final = 0.4
"""Of request weight, for the questions of a start, where another process has been started within the last minute."""


def compose(
    service: Service,
    settings: ExecutorSettings,
    pool: Pool,
    *,
    exchange: ExchangeConfig | None = None,
    autocommit: KeptConnection | None = None,
) -> ExecutorHandlers:
    """The handlers with a worker per contender, on an open service; the accounts' streams are not listened to yet.

    UnusableEnvironment is raised when the environment's certificates or proxy stand in the way of the exchange.
    """
    intents = IntentStore(pool, autocommit, service.report_unreadable)
    flattens, outbox = FlattenStore(pool), Outbox(pool, service)
    halts = HaltFiles(settings.executor_data_dir)
    keeper = HaltKeeper(halts, HaltTable(pool), outbox, service.clock, service.log, is_owner=lambda: service.is_owner)
    since_start_s = note_start(settings.executor_data_dir, service.clock.now_ms())
    start_minutes = max(LEAST_START_MINUTES, min(START_MINUTES, since_start_s / MINUTE_S))
    rate_limiter = RequestRateLimiter(settings.weight_per_minute, start_minutes)
    config = exchange or settings.exchange_config()
    universe = Universe(config, service.clock)
    workers, contexts = {}, []
    for model in settings.contenders:
        client = ExchangeClient(
            key=settings.key_of(model),
            address=settings.address_of(model),
            coins=settings.coins,
            config=config,
            rate_limiter=rate_limiter,
            clock=service.clock,
            may_send=lambda: service.is_owner,
            universe=universe,
        )
        context = AccountContext(
            model=model,
            exchange=client,
            intents=intents,
            orders=OrderStore(pool, service.report_unreadable),
            fills=FillStore(pool),
            flattens=flattens,
            cash_ledger=CashLedgerStore(pool),
            outbox=outbox,
            memory=ProtectionMemory(protection_file(settings, model, service.log), service.clock.monotonic),
            halts=halts,
            settings=settings,
            epochs=EpochStore(pool),
            standing=AccountStanding(settings.hyperliquid_env),
            clock=service.clock,
            log=service.log,
            is_owner=lambda: service.is_owner,
            is_confirmed_owner=lambda: service.is_confirmed_owner,
        )
        contexts.append(context)
        workers[model] = AccountWorker(context, service.set_ready)
    handlers = ExecutorHandlers(workers=workers, intents=intents, flattens=flattens, halts=keeper, outbox=outbox)
    service.on(RiskApproved, handlers.on_approval)
    service.on(ControlCommand, handlers.on_command)
    service.on_rebuild(handlers.rebuild)
    service.spawn("outbox", outbox.run)
    service.spawn("halts", keeper.watch)
    service.spawn("clock", partial(watch_clock, contexts))
    for model, worker in workers.items():
        service.spawn(f"worker-{model}", worker.run)
        service.spawn(f"protector-{model}", worker.protector.run)
    return handlers


def protection_file(settings: ExecutorSettings, model: str, log: FilteringBoundLogger) -> ProtectionFile:
    """The file beside the tables of one contender's account."""
    account = f"{settings.hyperliquid_env} {settings.address_of(model)}"
    return ProtectionFile(settings.executor_data_dir / f"protection-{model}.json", account, log)


class MigratedFirst:
    """The rebuild of a session: the first one that PostgreSQL answers brings its tables to this version before."""

    def __init__(self, pool: Pool, rebuild: Callable[[], Awaitable[None]]) -> None:
        self._pool, self._rebuild, self._is_migrated = pool, rebuild, False

    async def __call__(self) -> None:
        """Raises an outage, with which the session is tried again."""
        if not self._is_migrated:
            await migrate(self._pool, "executor")
            self._is_migrated = True
        await self._rebuild()


def forbid_core_files() -> None:
    """A crash must not write the keys to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def main() -> None:
    forbid_core_files()
    settings = load_settings("executor", executor_settings(load_roster("executor")))
    folder_trouble = folder_problem("EXECUTOR_DATA_DIR", settings.executor_data_dir)
    hold_folder(settings.executor_data_dir)
    if (problem := proxy_problem(settings.api_url, "requests", "websockets")) is not None:
        refuse_start("executor", [problem])
    async with Service.open("executor", settings, contenders=settings.contenders, lease=True) as service:
        if folder_trouble is not None:  # A full or broken disk keeps no position from being protected.
            service.log.error("halts and protection are kept in memory only", reason=folder_trouble)
        # Positions are protected before PostgreSQL answers: nothing waits for it here.
        database_url = settings.database_url.get_secret_value()
        pool = await open_pool(database_url, waits=False)
        autocommit = KeptConnection(await open_pool(database_url, max_size=2, autocommit=True, waits=False))

        try:
            handlers = compose(service, settings, pool, autocommit=autocommit)
        except UnusableEnvironment as error:
            await autocommit.close()
            await pool.close()
            refuse_start("executor", [str(error)])
        service.on_rebuild(MigratedFirst(pool, handlers.rebuild))
        service.spawn("database", partial(watch_database, service, pool))
        retention = ExecutionRetention(
            pool, service.clock, service.log, settings.execution_keep_days, is_owner=lambda: service.is_owner
        )
        service.spawn("retention", retention.run)
        for model, worker in handlers.workers.items():
            stream = UserStream(
                api_url=settings.api_url,
                address=settings.address_of(model),
                listener=worker,
                on_change=metrics.STREAM_CONNECTED.labels(model).set,
                clock=service.clock,
                log=service.log,
            )
            service.spawn(f"stream-{model}", stream.run)
        await service.run()
        await autocommit.close()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
