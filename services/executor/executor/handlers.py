"""The executor's handlers: an approval becomes an intent, a command a halt or a row; the workers do the rest."""

from typing import Any

from common.events import Command, ControlCommand, Event, RiskApproved
from common.events.codec import UnusableEvent
from common.runtime.outages import is_outage
from common.trading.orders import CancelReason
from executor.account.watch.halts import HaltKeeper
from executor.account.worker import AccountWorker
from executor.domain.events import unsent
from executor.domain.intent import intent_from
from executor.storage.flattens import FlattenStore
from executor.storage.intents import IntentStore
from executor.storage.outbox import Outbox


class ExecutorHandlers:
    """What the service calls for each event. Each handler returns once its effect outlives a restart."""

    def __init__(
        self,
        *,
        workers: dict[str, AccountWorker],
        intents: IntentStore,
        flattens: FlattenStore,
        halts: HaltKeeper,
        outbox: Outbox,
    ) -> None:
        self.workers = workers
        self._intents, self._flattens, self._halts, self._outbox = intents, flattens, halts, outbox

    async def on_approval(self, event: Event[RiskApproved], now_ms: int) -> tuple[Event[Any], ...]:
        """Returns once the intent is stored: by the worker together with its bytes, or here.

        An approval that was judged by another account's state, before the settings changed, is cancelled unstored.
        """
        worker, intent = self._worker_of(event.data.model), intent_from(event, now_ms)
        if event.data.epoch not in ("", worker.epoch):
            return (unsent(intent, CancelReason.OTHER_ACCOUNT, now_ms),)
        if await worker.store_and_send(intent):
            return ()
        if await self._intents.add(event, now_ms):
            worker.accept(intent)
        else:
            worker.wake()
        return ()

    def _worker_of(self, model: str) -> AccountWorker:
        """Raises UnusableEvent for a model that has no account here."""
        if model not in self.workers:
            raise UnusableEvent(f"no account of {model!r}")
        return self.workers[model]

    def _workers_of(self, model: str | None) -> dict[str, AccountWorker]:
        """One account's, or all of them. Raises UnusableEvent for a model that has no account here."""
        return {model: self._worker_of(model)} if model else self.workers

    async def on_command(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        """The halts' keeper takes halt and resume, a flatten is a row; its proof follows when the account is out.

        A close needs nothing here: risk approves the exit.
        """
        command = event.data
        if command.command is Command.CLOSE:
            return ()
        if command.command is Command.RESUME:
            for worker in self._workers_of(command.model).values():
                worker.accept_unexplained(event.time_ms)
        if command.command is not Command.FLATTEN:
            return await self._halts.apply(event, now_ms)
        workers = self._workers_of(command.model)
        for worker in workers.values():
            worker.flatten(now_ms)
        await self._store_flattens(event.id, workers, now_ms)
        return ()

    async def _store_flattens(self, command_id: str, workers: dict[str, AccountWorker], now_ms: int) -> None:
        """A row for each account. While only the tables are away the flatten acts without one, as its command comes
        again; a command that fails for another reason may never, and what has no row would have no end."""
        unstored = dict(workers)
        try:
            for model, worker in workers.items():
                await self._flattens.request(command_id, model, now_ms)
                worker.flatten(now_ms, is_stored=True)
                del unstored[model]
        except Exception as error:
            if not is_outage(error):
                for worker in unstored.values():
                    worker.drop_flatten()
            raise

    async def rebuild(self) -> None:
        """The tables and the exchange hold all state: the workers reconcile with both before they send.

        The halts are read first, so that nothing slips past one. Without PostgreSQL the workers start all the same, as
        they protect what is held; entries stay halted until the keeper's watch has read the table.
        """
        try:
            await self._halts.load()
        except Exception as error:
            if not is_outage(error):
                raise
        self._outbox.start()
        for worker in self.workers.values():
            worker.reload()
