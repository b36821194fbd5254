"""Executor: one Hyperliquid account per model through the official SDK.

Reads    risk.approved, control.command
Writes   order.accepted, order.rejected, order.cancelled, order.filled, account.updated, system.alert; account:{model}
State    tables intents, intent_orders, intent_sends, executor_*; the exchange's own record is the truth
Failure  an unknown outcome is asked for, never guessed; a position without a confirmed stop is closed
"""

import resource
from typing import Any

from common.events import AlertSeverity, Command, ControlCommand, Event, RiskApproved, SystemAlert, derive
from common.runtime.database import KeptConnection, Pool, migrate, open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings, make_folder, refuse_start
from common.trading.symbols import MODELS
from executor.books import BookStore
from executor.budget import WeightBudget
from executor.config import ExecutorSettings
from executor.desk import Desk
from executor.feed import AccountFeed
from executor.halt import HaltFile
from executor.journal import CloseJournal
from executor.lane import Lane
from executor.orders import OrderStore
from executor.outbox import Outbox
from executor.posting import NoCertificates
from executor.store import IntentStore, fresh_intent
from executor.venue import Door, Venue


class Executor:
    """The handlers: an approval is stored, a command is written down; the lanes do the rest."""

    def __init__(
        self,
        pool: Pool,
        service: Service,
        settings: ExecutorSettings,
        door: Door | None = None,
        quick: KeptConnection | None = None,
    ) -> None:
        self.store, self.orders, self.books = IntentStore(pool, quick), OrderStore(pool), BookStore(pool)
        self.halts, self.outbox = HaltFile(settings.executor_data_dir), Outbox(pool, service)
        budget = WeightBudget(settings.request_weight_per_minute)
        door = door or Door(settings.api_url, settings.exchange_timeout_s, round(settings.intent_life_s * 1000))
        self.lanes: dict[str, Lane] = {}
        self.problems: list[str] = []
        self._service = service
        for model in MODELS:
            venue = Venue(settings.key_of(model), settings.address_of(model), door, budget, service.clock)
            desk = Desk(
                *(model, venue, self.store, self.orders, self.books, self.outbox),
                *(settings, self.halts, service.clock, service.log, lambda: service.is_owner),
                CloseJournal(settings.executor_data_dir / f"closes-{model}.jsonl", service.log),
            )
            self.lanes[model] = Lane(desk, service.set_ready, self.refuse)

    def refuse(self, problems: tuple[str, ...]) -> None:
        """An account can't be traded as configured: nothing is, and the service ends."""
        self.problems += problems
        self._service.stop()

    async def take(self, event: Event[RiskApproved], now_ms: int) -> tuple[Event[Any], ...]:
        """Done with once the intent is stored."""
        lane, intent = self.lanes[event.data.model], fresh_intent(event, now_ms)
        if await lane.store_and_send(intent):
            return ()
        if await self.store.add(event, now_ms):
            lane.take(intent)
        else:
            lane.wake()
        return ()

    async def obey(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        """Halt and resume are files, flatten is a row: each outlives a restart."""
        data = event.data
        if data.command is Command.HALT:
            self.halts.halt(data.model, data.reason)
            return (_done(event, "HALTED", "no entry is sent any more", now_ms),)
        if data.command is Command.RESUME:
            self.halts.resume(data.model)
            return (_done(event, "RESUMED", "entries are sent again", now_ms),)
        for model in [data.model] if data.model else MODELS:
            await self.orders.ask_flatten(event.id, model, now_ms)
            self.lanes[model].connected()
        return ()

    async def rebuild(self) -> None:
        """The tables and the exchange hold all there is to know: the lanes look at both before they act."""
        self.outbox.go.set()
        for lane in self.lanes.values():
            lane.reload()


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


def _done(event: Event[ControlCommand], code: str, message: str, now_ms: int) -> Event[SystemAlert]:
    """Proof that a command has taken effect here; of a flatten the lane tells once the account is out."""
    payload = SystemAlert(
        code=code,
        severity=AlertSeverity.INFO,
        service="executor",
        model=event.data.model,
        message=message,
        figures={"reason": event.data.reason[:200], "requested_by": event.data.requested_by},
    )
    return derive(event, payload, now_ms)


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
