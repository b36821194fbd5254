"""An approval on its way from the handler to a lane at rest."""

import asyncio

from executor.domain.intent import Intent

MOMENT_S = 0.002
"""How long the acknowledgement of what is stored gives way to the sending of it, which runs in a thread."""


class Given:
    """The lane stores `intent` in the handler's place, or not; whatever happens, it says so."""

    def __init__(self, intent: Intent) -> None:
        self.intent = intent
        self._is_stored = False
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[bool] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Whether anybody still waits for the answer."""
        return not self._answer.done()

    async def answer(self) -> bool:
        """True once the intent is stored, False when that is left to the one who asks."""
        return await self._answer

    def stored(self) -> None:
        """It is; the answer follows in a moment."""
        self._is_stored = True
        self._loop.call_later(MOMENT_S, self.close)

    def close(self) -> None:
        """Answers, unless that has been done."""
        if self.is_open:
            self._answer.set_result(self._is_stored)
