"""A service as a process of its own: it can be killed between any two awaits, and starts again from the stores."""

import asyncio
import contextvars
import traceback
import types
from collections.abc import Awaitable, Callable, Generator

import psycopg

from common.bus.port import Unavailable
from simulation.faults import FaultInjector, ProcessKilled
from simulation.loop import OWNER, VirtualLoop
from simulation.trace import Trace

RESTART_S = (0.2, 4.0)


@types.coroutine
def _turn() -> Generator[None, None, None]:
    """Lets the loop run everything else once, as asyncio.sleep(0) does."""
    yield


class Process:
    """Runs `main(run)` again after each kill.

    What the service uses of the outside world (bus, database, exchange) awaits `ProcessRun.fault_point` before and
    after each step. A kill ends the current run: its task is cancelled, and whatever of it still reaches a fault point
    raises ProcessKilled there, so that nothing of a dead process takes effect. The next run starts after a pause.
    """

    def __init__(
        self,
        name: str,
        main: Callable[["ProcessRun"], Awaitable[None]],
        faults: FaultInjector,
        trace: Trace,
        loop: VirtualLoop,
    ) -> None:
        self.name, self.faults, self.trace = name, faults, trace
        self._main, self._loop = main, loop
        self._task: asyncio.Task[None] | None = None
        self.generation = 0
        """Of the present run, counted up with each start and each end."""
        self.started_s = 0.0
        self.is_up = False
        self.is_killable = True
        self.paused_until_s = float("-inf")
        self.open_transactions = 0

    def start(self) -> None:
        self.generation += 1
        self.is_up = True
        self.resume()
        self.started_s = asyncio.get_running_loop().time()
        self.trace.record(self.name, "process started", generation=self.generation)
        context = contextvars.copy_context()
        context.run(OWNER.set, self)
        run = ProcessRun(self, self.generation)
        self._task = asyncio.create_task(self._execute(run), name=self.name, context=context)

    async def _execute(self, run: "ProcessRun") -> None:
        try:
            await self._main(run)
        except (ProcessKilled, asyncio.CancelledError):
            pass
        except BaseException as error:
            if run.is_over:
                return
            text = "".join(traceback.format_exception(error))
            self.trace.record(self.name, "process ended by an error", reason=text)
            self.trace.crashes.append(f"{self.name}: {text[-1_500:]}")
            self.kill("its own error")

    def kill(self, reason: str) -> None:
        """SIGKILL: from now on nothing of the run takes effect; another one starts later."""
        if not self.is_up:
            return
        self.is_up = False
        self.resume()
        self.generation += 1
        loop = asyncio.get_running_loop()
        self.faults.record_disturbance(self.name, loop.time())
        self.trace.record(self.name, "process killed", reason=reason)
        if self._task is not None:
            self._task.cancel()
        loop.call_later(self.faults.rng.uniform(*RESTART_S), self._restart, context=contextvars.Context())

    def _restart(self) -> None:
        if not self.is_up:
            self.faults.record_disturbance(self.name, asyncio.get_running_loop().time())
            self.start()

    def pause(self, length_s: float) -> None:
        """SIGSTOP, and SIGCONT after that long: no callback of the run is called meanwhile, its timers' neither.

        A transaction is ended first: here one that it held would stop every other process's.
        """
        self.paused_until_s = self._loop.time() + length_s
        self._loop.freeze(self.paused_until_s)
        self._loop.call_later(length_s, self._loop.thaw, context=contextvars.Context())

    def resume(self) -> None:
        self.paused_until_s = float("-inf")
        self._loop.thaw()

    @property
    def is_frozen(self) -> bool:
        return self.paused_until_s > self._loop.time() and not self.open_transactions

    async def end(self) -> None:
        """Ends the process for good."""
        self.is_killable = False
        self.is_up = False
        self.generation += 1
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


class ProcessRun:
    """One run of a process, from its start to its kill."""

    def __init__(self, process: Process, generation: int) -> None:
        self.process, self.faults, self._generation = process, process.faults, generation
        self.name, self.trace = process.name, process.trace

    @property
    def is_over(self) -> bool:
        return self.process.generation != self._generation or not self.process.is_up

    @property
    def boot_id(self) -> str:
        """Of this run alone, as every start of a service has one."""
        return str(self._generation)

    def check_alive(self) -> None:
        """Raises ProcessKilled when this run is over."""
        if self.process.generation != self._generation or not self.process.is_up:
            raise ProcessKilled

    async def fault_point(self, step: str) -> None:
        """A moment at which time may pass, a fault may happen, or the process may be killed."""
        faults = self.faults
        self.check_alive()
        profile = faults.profile
        if profile.kill and self.process.is_killable and faults.draws("kill"):
            self.process.kill(f"at {step}")
            raise ProcessKilled
        if profile.slow and faults.rng.random() < profile.slow:
            await asyncio.sleep(faults.rng.uniform(0.001, 0.05))
        else:
            await _turn()
        self.check_alive()
        now_s = asyncio.get_running_loop().time()
        if faults.may_disturb_stores(now_s):
            self._raise_store_fault(step, now_s)

    def _raise_store_fault(self, step: str, now_s: float) -> None:
        """Raises what a store answers at this step, if it can't serve, or if a fault is drawn."""
        error = self.faults.database_error(step, now_s)
        if error is not None:
            raise error
        if step in ("database.connect", "database.statement", "database.write", "database.commit"):
            if now_s < self.faults.database_until_s:
                raise psycopg.OperationalError("simulated: the server is unavailable")
            if self.faults.draws("database_away"):
                self._record_disturbance()
                raise psycopg.OperationalError(f"simulated: the server disconnected at {step}")
        if step == "database.committed" and self.faults.draws("database_reply_lost"):
            self._record_disturbance()
            raise psycopg.OperationalError("simulated: the reply to COMMIT was lost")
        if step == "bus" and self.faults.draws("bus_away"):
            self._record_disturbance()
            raise Unavailable("simulated: Redis disconnected")
        if step == "bus.done" and self.faults.draws("bus_reply_lost"):
            self._record_disturbance()
            raise Unavailable("simulated: Redis's reply was lost")

    def _record_disturbance(self) -> None:
        self.faults.record_disturbance(self.name, asyncio.get_running_loop().time())
