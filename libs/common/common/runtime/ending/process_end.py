"""The last resort: a process that should end is gone within `LIMIT_S`, whatever hangs in it.

*Off* → `enable` (once, by `run_service`) → *watching* → `begin` (a stop was asked for, a task failed, main returned) →
*ending* → the interpreter ends by itself, or this module's thread ends the process. The thread needs the event loop
for nothing: it counts from `begin`, logs which tasks and threads are left, and leaves without waiting for any of them.
Should it not get that far, since something holds the interpreter or the log can't be written, the fault handler's own
thread, which needs neither, ends the process half a second later.

Until `enable` is called, as in tests that run a service within their own process, `begin` does nothing. What such an
end cuts off is what a crash cuts off: unacknowledged entries are read again, unsent events lie in their outbox.
"""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any, Final

from structlog import get_logger

LIMIT_S: Final = 9.5
"""From `begin` to the end of the process; the supervisor kills after 15 s, Compose after 20 s."""
FAULT_HANDLER_MARGIN_S: Final = 0.5

_lock = threading.Lock()
_is_enabled = False
_has_begun = False


def enable() -> None:
    """Lets `begin` act: from now on this process is a service's own."""
    global _is_enabled
    _is_enabled = True


def begin(*, asked: bool) -> None:
    """Counts from now; only the first call does. A forced end has the exit code 0 when it was `asked` for, else 1."""
    global _has_begun
    with _lock:
        if not _is_enabled or _has_begun:
            return
        _has_begun = True
    faulthandler.dump_traceback_later(LIMIT_S + FAULT_HANDLER_MARGIN_S, exit=True)
    loop = _running_loop()
    threading.Thread(target=_end, args=(asked, loop), name="process-end", daemon=True).start()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def _end(asked: bool, loop: asyncio.AbstractEventLoop | None) -> None:
    time.sleep(LIMIT_S)
    try:
        get_logger().error(
            "the process did not end in time; it is ended",
            limit_s=LIMIT_S,
            asked=asked,
            tasks=_names_of_tasks(loop),
            threads=[thread.name for thread in threading.enumerate() if thread is not threading.current_thread()],
        )
        sys.stdout.flush()
    finally:
        os._exit(0 if asked else 1)


def _names_of_tasks(loop: asyncio.AbstractEventLoop | None) -> list[str]:
    """Names of the loop's unfinished tasks, as far as they can be read from another thread."""
    found: set[asyncio.Task[Any]] = set()
    if loop is not None:
        with suppress(RuntimeError):
            found = asyncio.all_tasks(loop)
    return sorted(task.get_name() for task in found)
