"""A clock that moves only when it is slept on or set: no test waits for time to pass."""

import asyncio


class ManualClock:
    """Implements the Clock port; a sleep moves the time by its length and lets other tasks run."""

    def __init__(self, ms: int = 1_000_000) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        await asyncio.sleep(0)
