"""The one way in which tests wait for something: `wait_until` in plain code, `eventually` in a coroutine.

Both ask again and again and return the first result that is true; after the limit they fail and name what was missing.
The limit is generous and is no measurement: a busy machine is slow.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aicoin_local.testing import wait_until

__all__ = ["LIMIT_S", "eventually", "wait_until"]

LIMIT_S = 60.0
POLL_EVERY_S = 0.02
T = TypeVar("T")


async def eventually(
    what: str,
    probe: Callable[[], T | Awaitable[T | None] | None],
    *,
    limit_s: float = LIMIT_S,
    every_s: float = POLL_EVERY_S,
    details: Callable[[], str] = lambda: "",
) -> T:
    """The first result of `probe`, plain or awaited, that is true. `details` are added to the failure."""
    deadline = time.monotonic() + limit_s
    while True:
        found = probe()
        result = await found if inspect.isawaitable(found) else found
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit_s:g} s for {what}, in vain\n{details()}".rstrip())
        await asyncio.sleep(every_s)
