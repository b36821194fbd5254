"""Keeps the halts: those that come by a command, and those that appear as files on the executor's machine."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from common.events import AlertSeverity, Command, ControlCommand, Event, SystemAlert, derive, originate
from common.events.alerts import AlertCode
from common.runtime.clock import Clock
from common.runtime.outages import is_outage
from common.trading.halts import does_resume_end
from executor.domain.halt import HaltRecord
from executor.storage.halt_table import HaltTable
from executor.storage.halts import HaltFiles
from executor.storage.outbox import Outbox

WATCH_S: Final = 1.0


class HaltKeeper:
    """The table is the record of all halts, the files are what a send looks at; neither is needed to halt.

    `apply` (a command's handler) halts in memory first, then writes the file, then the row: what fails leaves the halt
    in force, and the command is delivered again. A RESUME ends the commanded halts that are older than itself, in the
    table first; a local halt it leaves alone. `watch` records local files that appear and disappear, in the instance
    that owns the accounts alone: another one may have another folder. Until `load` has
    read the table nothing is sent, as a halt may stand there. `load` also adopts a commanded file that the table
    doesn't have: the halt was made while the table could not be written.
    """

    def __init__(
        self,
        files: HaltFiles,
        table: HaltTable,
        outbox: Outbox,
        clock: Clock,
        log: FilteringBoundLogger,
        is_owner: Callable[[], bool] = lambda: True,
    ) -> None:
        self._files, self._table, self._outbox = files, table, outbox
        self._clock, self._log, self._is_owner = clock, log, is_owner
        self._files.is_loaded = False
        self._reported: list[str] = []
        self._started = asyncio.Event()

    async def load(self) -> None:
        """Reads the table. Raises what `is_outage` knows while PostgreSQL is unavailable."""
        self._started.set()
        before = self._files.commanded
        found = await self._table.open_halts()
        commanded = [halt for halt in found.values() if not halt.is_local]
        for halt in self._files.commanded_files():
            is_known = any((known.model, known.time_ms) == (halt.model, halt.time_ms) for known in commanded)
            if not is_known and not await self._table.has_ended(halt):
                await self._table.begin(f"file|{halt.scope}|{halt.time_ms}", halt)
                commanded.append(halt)
        # A HALT may be handled while the table is read.
        commanded += [halt for halt in self._files.commanded if halt not in before and halt not in commanded]
        self._report(self._files.mirror(commanded))
        self._files.is_loaded = True

    async def apply(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        """A HALT or a RESUME; returns the alert that says what is true then."""
        if event.data.command is Command.HALT:
            return await self._halt(event, now_ms)
        return await self._resume(event, now_ms)

    async def _halt(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        data = event.data
        halt = HaltRecord(data.model, data.requested_by, event.time_ms, data.reason)
        problems = self._files.mirror([*self._files.commanded, halt])
        self._report(problems)
        await self._table.begin(event.id, halt)
        message = "; ".join(["no entry is sent any more", *problems])
        return (_alert(event, AlertCode.HALTED, AlertSeverity.INFO, message, now_ms),)

    async def _resume(self, event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
        data, found = event.data, await self._table.open_halts()
        ended = [halt_id for halt_id, halt in found.items() if _does_end(event, halt, now_ms)]
        await self._table.end(ended, data.requested_by, now_ms)
        left = [halt for halt_id, halt in found.items() if halt_id not in ended]
        problems = self._files.mirror([halt for halt in left if not halt.is_local])
        self._report(problems)
        left = [halt for halt in left if data.model is None or halt.concerns(data.model)]
        if not problems and not left:
            return (_alert(event, AlertCode.RESUMED, AlertSeverity.INFO, "entries are sent again", now_ms),)
        lines = ["no entry is sent yet", *(f"halted by {halt.author}: {halt.reason}" for halt in left), *problems]
        if any(halt.is_local for halt in left):
            lines.append("`aicoin resume` on the executor's machine ends the kill switch's halt")
        return (_alert(event, AlertCode.HALT_STAYS, AlertSeverity.WARNING, "; ".join(lines), now_ms),)

    async def watch(self) -> None:
        """Looks at the files until cancelled, once the table exists; whatever fails is tried again, as an end of this
        task would end the process, and with it the protection of positions."""
        await self._started.wait()
        while True:
            await self._clock.sleep(WATCH_S)
            if not self._is_owner():
                continue
            try:
                if not self._files.is_loaded:
                    await self.load()
                await self.record_local()
            except Exception as error:
                log = self._log.warning if is_outage(error) else self._log.error
                log("halts can't be recorded; trying again", reason=repr(error))

    async def record_local(self) -> None:
        """Makes the table's local halts those of the files, each change with an alert."""
        try:
            found = self._files.local_halts()
        except OSError as error:
            self._report([f"EXECUTOR_DATA_DIR: the halt files can't be read, so that every entry is halted: {error}"])
            return
        recorded = {halt: halt_id for halt_id, halt in (await self._table.open_halts()).items() if halt.is_local}
        known = {(halt.scope, halt.time_ms) for halt in recorded}
        for halt in found:
            if (halt.scope, halt.time_ms) not in known:
                # A file that comes back is another halt.
                halt_id = f"file|{halt.scope}|{halt.time_ms}|{self._clock.now_ms()}"
                text = f"no entry is sent any more: halted by {halt.author}: {halt.reason}"
                await self._table.begin(halt_id, halt, [self._local_alert(AlertCode.HALTED, halt_id, halt, text)])
                self._outbox.wake()
        present = {(halt.scope, halt.time_ms) for halt in found}
        for halt, halt_id in recorded.items():
            if (halt.scope, halt.time_ms) not in present:
                text = "the halt file is gone" + ("" if found else "; entries are sent unless a command halts them")
                alert = self._local_alert(AlertCode.RESUMED, halt_id, halt, text)
                await self._table.end([halt_id], "the file is gone", self._clock.now_ms(), [alert])
                self._outbox.wake()

    def _local_alert(self, code: AlertCode, halt_id: str, halt: HaltRecord, message: str) -> Event[SystemAlert]:
        now_ms = self._clock.now_ms()
        severity = AlertSeverity.WARNING if code is AlertCode.HALTED else AlertSeverity.INFO
        payload = SystemAlert(
            code=code,
            severity=severity,
            service="executor",
            model=halt.model,
            message=message,
            figures={"reason": halt.reason[:200], "requested_by": halt.author},
        )
        return originate(payload, keys=("executor", code, halt_id), time_ms=now_ms, now_ms=now_ms)

    def _report(self, problems: list[str]) -> None:
        """Logs what the disk refuses, once for as long as it is the same."""
        if problems and problems != self._reported:
            self._log.error("the halt files are not as they should be", problems=problems)
        self._reported = problems


def _does_end(event: Event[ControlCommand], halt: HaltRecord, now_ms: int) -> bool:
    """Whether a RESUME ends a halt: a commanded one of its scope that is older than itself."""
    is_meant = not halt.is_local and event.data.model in (None, halt.model)
    return is_meant and does_resume_end(halt.time_ms, event.time_ms, now_ms)


def _alert(
    event: Event[ControlCommand], code: AlertCode, severity: AlertSeverity, message: str, now_ms: int
) -> Event[SystemAlert]:
    """An alert that says what a command has brought about."""
    payload = SystemAlert(
        code=code,
        severity=severity,
        service="executor",
        model=event.data.model,
        message=message,
        figures={"reason": event.data.reason[:200], "requested_by": event.data.requested_by},
    )
    return derive(event, payload, now_ms)
