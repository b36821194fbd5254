"""Starting a coroutine at once instead of in the loop's next turn: most sends end without ever waiting."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any


def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Runs a coroutine up to where it first waits. None when it ended before; else the task that goes on with it.

    Raises what the coroutine raises before it first waits.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return asyncio.ensure_future(_go_on(coroutine, waits_for))


async def _go_on(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
    await _steps(coroutine, waits_for)


@types.coroutine
def _steps(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Hands on what the coroutine waits for, and what it gets, until it ends."""
    while True:
        try:
            got = yield waits_for
        except BaseException as error:
            step = _throwing(coroutine, error)
        else:
            step = _sending(coroutine, got)
        if step is None:
            return
        waits_for = step[0]


def _sending(coroutine: Coroutine[Any, Any, None], value: Any) -> tuple[Any] | None:
    try:
        return (coroutine.send(value),)
    except StopIteration:
        return None


def _throwing(coroutine: Coroutine[Any, Any, None], error: BaseException) -> tuple[Any] | None:
    try:
        return (coroutine.throw(error),)
    except StopIteration:
        return None
