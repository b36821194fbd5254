"""The handoff of an approval from the handler to an idle worker, so that one commit stands before the first byte."""

import asyncio
from typing import Final

from executor.domain.intent import Intent

ACK_DELAY_S: Final = 0.002
"""How long the acknowledgment of a stored approval gives way to its sending, which runs in a thread."""


class Handoff:
    """One approval offered to a worker. OPEN until the worker answers; then CLOSED, and stays so.

    The handler creates it and awaits `result`. The worker, whatever happens to it, closes it: with `mark_stored` once
    the intent is stored as sent (the answer True follows ACK_DELAY_S later, while the bytes already leave), or with
    `close` alone (False: the handler stores the approval itself). A handler that is cancelled while it waits leaves the
    handoff closed, and a worker that takes it up later sees `is_open` False and lets it be.
    """

    def __init__(self, intent: Intent) -> None:
        self.intent = intent
        self._is_stored = False
        self._loop = asyncio.get_running_loop()
        self._result: asyncio.Future[bool] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Whether the handler still waits."""
        return not self._result.done()

    async def result(self) -> bool:
        """True once the worker has stored the intent, False when that is left to the handler."""
        return await self._result

    def mark_stored(self) -> None:
        """The worker has stored the intent; the answer follows after ACK_DELAY_S."""
        self._is_stored = True
        self._loop.call_later(ACK_DELAY_S, self.close)

    def close(self) -> None:
        """Answers, unless that has been done."""
        if self.is_open:
            self._result.set_result(self._is_stored)
