"""A service as a process of its own: it dies between any two awaits, and another one starts from the stores."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from simulation.chaos import Chaos, Killed, bus_away
from simulation.journal import Journal

RESTART_S = (0.2, 4.0)


class Process:
    """Runs `main(process)` again and again. What it uses of the outside world asks `point` whether it still lives."""

    def __init__(
        self, name: str, main: Callable[["Process"], Awaitable[None]], chaos: Chaos, journal: Journal, *, mortal: bool
    ) -> None:
        self.name, self.chaos, self.journal = name, chaos, journal
        self._main, self._mortal = main, mortal
        self._task: asyncio.Task[None] | None = None
        self._generation = 0
        self.started_s = 0.0
        self.is_up = False
        self.failure: BaseException | None = None

    def start(self) -> None:
        self._generation += 1
        self.is_up = True
        self.started_s = asyncio.get_running_loop().time()
        self.journal.note(self.name, "process started", generation=self._generation)
        self._task = asyncio.create_task(self._run(Life(self, self._generation)), name=self.name)

    async def _run(self, life: "Life") -> None:
        try:
            await self._main(life)  # type: ignore[arg-type]
        except (Killed, asyncio.CancelledError):
            pass
        except BaseException as error:
            if life.is_over:
                return
            text = "".join(traceback.format_exception(error))
            self.journal.note(self.name, "process ended by an error", reason=text)
            self.journal.crashes.append(f"{self.name}: {text[-1_500:]}")
            self.kill("its own error")

    def kill(self, reason: str) -> None:
        """SIGKILL: from now on nothing of it reaches the outside; it comes back later."""
        if not self.is_up:
            return
        self.is_up = False
        self._generation += 1
        loop = asyncio.get_running_loop()
        self.chaos.disturb(self.name, loop.time())
        self.journal.note(self.name, "process killed", reason=reason)
        if self._task is not None:
            self._task.cancel()
        loop.call_later(self.chaos.rng.uniform(*RESTART_S), self._restart)

    def _restart(self) -> None:
        if not self.is_up:
            self.chaos.disturb(self.name, asyncio.get_running_loop().time())
            self.start()

    def is_current(self, generation: int) -> bool:
        return self.is_up and generation == self._generation

    @property
    def can_die(self) -> bool:
        return self._mortal

    async def end(self) -> None:
        self._mortal = False
        self.is_up = False
        self._generation += 1
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


class Life:
    """One run of a process."""

    def __init__(self, process: Process, generation: int) -> None:
        self.process, self.chaos, self._generation = process, process.chaos, generation
        self.name, self.journal = process.name, process.journal

    @property
    def is_over(self) -> bool:
        return not self.process.is_current(self._generation)

    def must_live(self) -> None:
        """Raises Killed when this run is over."""
        if self.is_over:
            raise Killed

    async def point(self, step: str) -> None:
        """A moment at which time may pass, a fault may happen, the process may die."""
        self.must_live()
        if self.process.can_die and self.chaos.draws("kill"):
            self.process.kill(f"at {step}")
            raise Killed
        slow = self.chaos.weather.slow and self.chaos.rng.random() < self.chaos.weather.slow
        await asyncio.sleep(self.chaos.rng.uniform(0.001, 0.05) if slow else 0)
        self.must_live()
        if step in ("database.connect", "database.statement", "database.commit"):
            if asyncio.get_running_loop().time() < self.chaos.database_until_s:
                raise psycopg.OperationalError("simulated: the server is away")
            if self.chaos.draws("database_away"):
                self._disturb()
                raise psycopg.OperationalError(f"simulated: the server went away at {step}")
        if step == "database.committed" and self.chaos.draws("database_reply_lost"):
            self._disturb()
            raise psycopg.OperationalError("simulated: the reply to COMMIT was lost")
        if step == "bus" and self.chaos.draws("bus_away"):
            self._disturb()
            raise bus_away("Redis went away")
        if step == "bus.done" and self.chaos.draws("bus_reply_lost"):
            self._disturb()
            raise bus_away("Redis's reply was lost")

    def _disturb(self) -> None:
        self.chaos.disturb(self.name, asyncio.get_running_loop().time())


def log_of(journal: Journal, name: str) -> Any:
    """A structlog-like logger that writes into the journal."""
    return JournalLog(journal, name)


class JournalLog:
    def __init__(self, journal: Journal, name: str) -> None:
        self._journal, self._name = journal, name

    def info(self, event: str, **figures: Any) -> None:
        self._journal.note(self._name, event, **figures)

    warning = error = info

    def exception(self, event: str, **figures: Any) -> None:
        self._journal.note(self._name, event, **figures, error=traceback.format_exc())
