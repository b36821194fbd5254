"""Messages on their way to one address: in order, tried again until accepted or given up."""

import asyncio
import random
from collections import deque
from typing import Final, Protocol

from common.runtime.backoff import Backoff
from common.runtime.clock import Clock
from notifier import metrics
from notifier.domain.words import Message

GIVE_UP_AFTER_S: Final = 600.0
MOST_WAITING: Final = 100


class Target(Protocol):
    """An address: `send` says whether the message was accepted, and raises nothing."""

    name: str

    async def send(self, message: Message) -> bool: ...


class Delivery:
    """The messages of one target. A target that is away holds back no other one.

    A message is *waiting*, then *tried* with pauses that grow, and ends accepted or given up after `GIVE_UP_AFTER_S`,
    or at once when more than `MOST_WAITING` wait behind it. Its future says which.
    """

    def __init__(self, target: Target, clock: Clock, rng: random.Random) -> None:
        self.target, self._clock, self._rng = target, clock, rng
        self._waiting: deque[tuple[Message, asyncio.Future[bool]]] = deque()
        self._added = asyncio.Event()

    def add(self, message: Message) -> asyncio.Future[bool]:
        """Queues a message; the future is true once the target has accepted it, false when it was given up."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        self._added.set()
        return future

    async def run(self) -> None:
        """Sends for ever."""
        while True:
            while self._waiting:
                message, future = self._waiting.popleft()
                is_accepted = await self._send(message)
                metrics.MESSAGES.labels("accepted" if is_accepted else "given_up").inc()
                if not future.done():
                    future.set_result(is_accepted)
            self._added.clear()
            await self._added.wait()

    async def _send(self, message: Message) -> bool:
        pause = Backoff(base_s=1, cap_s=60, rng=self._rng)
        until = self._clock.monotonic() + GIVE_UP_AFTER_S
        while len(self._waiting) < MOST_WAITING:
            if await self.target.send(message):
                return True
            pause_s = pause.next_s()
            if self._clock.monotonic() + pause_s > until:
                return False
            await self._clock.sleep(pause_s)
        return False
