"""The end of tasks that are no longer wanted."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

CANCEL_AGAIN_S: Final = 0.5


async def cancel_until_done(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Cancels tasks until each has ended, and raises nothing of theirs.

    Once is not enough. `asyncio.wait_for`, which libraries use, drops in Python 3.11 a cancellation that arrives in the
    moment in which what it waits for completes: the task then goes on as if none had been asked for. A task that keeps
    dropping them keeps this waiting; the process's own end is bounded by `process_end`.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CANCEL_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # Retrieved, or asyncio would log it once more when the task is collected.


async def first_error(
    tasks: Iterable["asyncio.Task[Any]"], *, until: "asyncio.Task[Any]", limit_s: float | None = None
) -> Exception | None:
    """The error of the first task that ends by one; None once `until` has ended without one, or at the limit."""
    deadline = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
    pending = {until, *tasks}
    while pending:
        left_s = None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
        done, pending = await asyncio.wait(pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                return error
        if until.done() or not done:
            return None
    return None
