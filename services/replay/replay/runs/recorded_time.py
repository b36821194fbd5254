"""An event loop whose time is the record's: it jumps to the next timer, so that a recorded minute takes none."""

import asyncio
import selectors
from collections.abc import Awaitable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Takes the selector's place: where the loop would wait, the time advances by as much."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("a replay waits for something that can't come")
        self.now_s += timeout or 0.0
        return ready


class RecordedTimeLoop(asyncio.SelectorEventLoop):
    """A busy machine meets no deadline here, and a recorded one is met at once."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now_s


def run_in_recorded_time(works: Iterable[Awaitable[T]]) -> Iterator[T]:
    """The results of these, one after another, on one such loop."""
    loop = RecordedTimeLoop()
    try:
        for work in works:
            yield loop.run_until_complete(_await(work))
    finally:
        loop.close()


async def _await(work: Awaitable[Any]) -> Any:
    return await work
