"""An event loop whose time jumps to the next timer, and whose ready callbacks run in a seeded order."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from selectors import SelectorKey
from typing import Any, Protocol

from simulation.failure import SimulationFailed

MAX_STEPS_A_MOMENT = 200_000
"""More callbacks than that without time passing is a livelock."""


class Freezable(Protocol):
    """A process whose callbacks wait while `is_frozen`; it isn't while it has transactions open."""

    open_transactions: int

    @property
    def is_frozen(self) -> bool: ...


OWNER: ContextVar[Freezable | None] = ContextVar("OWNER", default=None)
"""The process that a callback belongs to; tasks and timers inherit it."""


class _Shuffled(deque[Any]):
    """A queue that hands out its entries in a seeded order; those of a frozen process wait until `thaw`."""

    def __init__(self, rng: random.Random, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._rng = rng
        self._waiting: list[tuple[Freezable, Any]] = []
        self._nothing = asyncio.Handle(lambda: None, (), loop)
        self._nothing.cancel()

    def popleft(self) -> Any:
        if len(self) > 1:
            self.rotate(-int(self._rng.random() * len(self)))
        handle = super().popleft()
        owner = handle._context.get(OWNER)
        if owner is None or not owner.is_frozen:
            return handle
        self._waiting.append((owner, handle))
        return self._nothing

    def thaw(self) -> None:
        """Puts back what waits for a process that is no longer frozen, in its order."""
        self.extend(handle for owner, handle in self._waiting if not owner.is_frozen)
        self._waiting = [(owner, handle) for owner, handle in self._waiting if owner.is_frozen]


class _NoSockets:
    """Takes the selector's place: instead of waiting for sockets, it advances the time."""

    def __init__(self, advance: Callable[[float | None], None]) -> None:
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self._advance(timeout)
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
    """`time()` is seconds since the loop was made; it never waits."""

    def __init__(self, rng: random.Random) -> None:
        self._now_s = 0.0
        self._moment_steps = 0
        super().__init__(_NoSockets(self._pass_time))  # type: ignore[arg-type]
        self._ready = _Shuffled(rng, self)
        self._tasks_made = 0
        self.set_task_factory(self._make_task)
        self.steps = 0

    def time(self) -> float:
        return self._now_s

    def thaw(self) -> None:
        """Lets processes that are no longer frozen go on."""
        self._ready.thaw()

    def _make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> _Task:
        self._tasks_made += 1
        _Task.number = self._tasks_made  # The task registers itself, by its hash, while it is made.
        task = _Task(coroutine, loop=loop, **options)
        task.number = self._tasks_made
        return task

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
