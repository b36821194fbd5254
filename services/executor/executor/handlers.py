"""The executor's handlers: an approval becomes an intent, a command a file or a row; the workers do the rest."""

from typing import Any

from common.events import AlertSeverity, Command, ControlCommand, Event, RiskApproved, SystemAlert, derive
from common.events.alerts import AlertCode
from executor.account.worker import AccountWorker
from executor.domain.intent import intent_from
from executor.storage.flattens import FlattenStore
from executor.storage.halts import HaltFiles
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
        halts: HaltFiles,
        outbox: Outbox,
    ) -> None:
        self.workers = workers
        self._intents, self._flattens, self._halts, self._outbox = intents, flattens, halts, outbox

    async def on_approval(self, event: Event[RiskApproved], now_ms: int) -> tuple[Event[Any], ...]:
        """Returns once the intent is stored: by the worker together with its bytes, or here."""
        worker, intent = self.workers[event.data.model], intent_from(event, now_ms)
        if await worker.store_and_send(intent):
            return ()
        if await self._intents.add(event, now_ms):
            worker.accept(intent)
        else:
            worker.wake()
        return ()

    async def on_command(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        """Halt and resume are files, a flatten is a row; the proof of a flatten follows when the account is out."""
        command = event.data
        if command.command is Command.HALT:
            self._halts.halt(command.model, command.reason)
            return (_confirmation(event, AlertCode.HALTED, "no entry is sent any more", now_ms),)
        if command.command is Command.RESUME:
            self._halts.resume(command.model)
            return (_confirmation(event, AlertCode.RESUMED, "entries are sent again", now_ms),)
        for model in [command.model] if command.model else self.workers:
            self.workers[model].flatten(now_ms)
            await self._flattens.request(event.id, model, now_ms)
            self.workers[model].refresh()
        return ()

    async def rebuild(self) -> None:
        """The tables and the exchange hold all state: the workers reconcile with both before they send."""
        self._outbox.start()
        for worker in self.workers.values():
            worker.reload()


def _confirmation(event: Event[ControlCommand], code: AlertCode, message: str, now_ms: int) -> Event[SystemAlert]:
    """An alert that proves that a command has taken effect."""
    payload = SystemAlert(
        code=code,
        severity=AlertSeverity.INFO,
        service="executor",
        model=event.data.model,
        message=message,
        figures={"reason": event.data.reason[:200], "requested_by": event.data.requested_by},
    )
    return derive(event, payload, now_ms)
