"""The executor's handlers."""

from typing import Any

from common.events import AlertSeverity, Command, ControlCommand, Event, RiskApproved, SystemAlert, derive
from common.runtime.database import KeptConnection, Pool
from common.runtime.service import Service
from common.trading.symbols import MODELS
from executor.account.context import Desk
from executor.account.worker import Lane
from executor.config import ExecutorSettings
from executor.domain.intent import fresh_intent
from executor.exchange.client import Door, Venue
from executor.exchange.rate_limit import WeightBudget
from executor.storage.cash_ledger import BookStore
from executor.storage.close_journal import CloseJournal
from executor.storage.halts import HaltFile
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from executor.storage.outbox import Outbox


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
