"""An event loop whose time jumps to the next timer, and whose ready callbacks run in a seeded order."""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar
from selectors import SelectorKey
from typing import Any, Protocol

from simulation.failure import SimulationFailed

MAX_STEPS_A_MOMENT = 200_000
"""More callbacks than that without time passing is a livelock."""
MANY_TIMERS, CANCELLED_SHARE = 100, 0.5
"""asyncio's own: from so many timers on, those that were cancelled are cleared out when they are that share."""


class Freezable(Protocol):
    """A process whose callbacks wait while `is_frozen`; it isn't while it has transactions open."""

    open_transactions: int

    @property
    def is_frozen(self) -> bool: ...


OWNER: ContextVar[Freezable | None] = ContextVar("OWNER", default=None)
"""The process that a callback belongs to; tasks and timers inherit it."""


class _Shuffled(deque[Any]):
    """A queue that hands out its entries in a seeded order; those of a frozen process wait until `thaw`."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._random = rng.random
        self._waiting: list[tuple[Freezable, Any]] = []

    def take(self) -> Any:
        """The next entry."""
        count = len(self)
        if count > 1:
            self.rotate(-int(self._random() * count))
        return self.popleft()

    def defer(self, handle: Any) -> bool:
        """Whether the entry is of a frozen process, and has been put aside."""
        owner = handle._context.get(OWNER)
        if owner is None or not owner.is_frozen:
            return False
        self._waiting.append((owner, handle))
        return True

    def thaw(self) -> None:
        """Puts back what waits for a process that is no longer frozen, in its order."""
        self.extend(handle for owner, handle in self._waiting if not owner.is_frozen)
        self._waiting = [(owner, handle) for owner, handle in self._waiting if owner.is_frozen]


class _NoSockets:
    """Takes the selector's place: there are no sockets."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        return []

    def register(self, *_: Any) -> None: ...

    def unregister(self, *_: Any) -> None: ...

    def get_key(self, file: Any) -> SelectorKey:
        raise KeyError(file)

    def get_map(self) -> dict[Any, Any]:
        return {}

    def close(self) -> None: ...


class _Task(asyncio.Task[Any]):
    """A task that hashes by its number, not by its address: asyncio iterates over sets of tasks."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is seconds since the loop was made; it never waits.

    A turn does what asyncio's own does, without its sockets and its debugging: that is a fifth of a seed's cost.
    """

    _scheduled: list[Any]
    _timer_cancelled_count: int
    _stopping: bool
    _clock_resolution: float

    def __init__(self, rng: random.Random) -> None:
        self._now_s = self._frozen_until_s = 0.0
        self._moment_steps = 0
        super().__init__(_NoSockets())  # type: ignore[arg-type]
        self._ready = _Shuffled(rng)
        self._tasks_made = 0
        self.set_task_factory(self._make_task)
        self.steps = 0

    def time(self) -> float:
        return self._now_s

    def call_soon(self, callback: Any, *arguments: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, arguments, self, context)
        self._ready.append(handle)
        return handle

    def freeze(self, until_s: float) -> None:
        """From now on processes may be frozen, until that time at the latest."""
        self._frozen_until_s = max(self._frozen_until_s, until_s)

    def thaw(self) -> None:
        """Lets processes that are no longer frozen go on."""
        self._ready.thaw()

    def _make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> _Task:
        self._tasks_made += 1
        _Task.number = self._tasks_made  # The task registers itself, by its hash, while it is made.
        task = _Task(coroutine, loop=loop, **options)
        task.number = self._tasks_made
        return task

    def _run_once(self) -> None:
        self._drop_cancelled_timers()
        timers, ready = self._scheduled, self._ready
        self._pass_time(0 if ready or self._stopping else max(0, timers[0]._when - self._now_s) if timers else None)
        end_s = self._now_s + self._clock_resolution
        while timers and timers[0]._when < end_s:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.take()
            is_deferred = self._frozen_until_s > self._now_s and ready.defer(handle)
            if not (is_deferred or handle._cancelled):
                handle._run()

    def _drop_cancelled_timers(self) -> None:
        timers = self._scheduled
        if len(timers) > MANY_TIMERS and self._timer_cancelled_count / len(timers) > CANCELLED_SHARE:
            for timer in timers:
                timer._scheduled = not timer._cancelled
            self._scheduled = [timer for timer in timers if not timer._cancelled]
            heapq.heapify(self._scheduled)
            self._timer_cancelled_count = 0
            return
        while timers and timers[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)._scheduled = False

    def _pass_time(self, timeout: float | None) -> None:
        self.steps += 1
        if timeout is None:
            raise SimulationFailed("deadlock: every task waits, and no timer is left")
        if timeout > 0:
            self._now_s += timeout
            self._moment_steps = 0
            return
        self._moment_steps += 1
        if self._moment_steps > MAX_STEPS_A_MOMENT:
            raise SimulationFailed("livelock: tasks wake each other without time passing")


class LoopClock:
    """The clock of everything in the simulation: wall time is the loop's, from a fixed start."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start_ms: int) -> None:
        self._loop, self._start_ms = loop, start_ms

    def now_ms(self) -> int:
        return self._start_ms + round(self._loop.time() * 1000)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HostClock(LoopClock):
    """The clock of the machine that the services run on: `skew_ms` ahead of the exchange's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start_ms: int, skew_ms: Callable[[], int]) -> None:
        super().__init__(loop, start_ms)
        self._skew_ms = skew_ms

    def now_ms(self) -> int:
        return super().now_ms() + self._skew_ms()
