"""GET replay and replay/moments: the span of what is stored, and the arena at equal steps of it."""

import asyncio
from typing import Any, Final

from starlette.requests import Request

from gateway.http.parameters import parse_number, parse_time
from gateway.storage.moments import MomentQueries

MAX_MOMENTS: Final = 60
MAX_STEP_MS: Final = 86_400_000


class Replay:
    """The handlers of the replay's routes."""

    def __init__(self, moments: MomentQueries) -> None:
        self._moments, self._turn = moments, asyncio.Semaphore(1)

    async def get_span(self, _request: Request) -> Any:
        return await self._moments.span()

    async def get_moments(self, request: Request) -> Any:
        """From `at` on, or from the last moment that is stored; none before there is one. Raises ApiError."""
        query = request.query_params
        at_ms = parse_time(query, "at")
        if at_ms is None:
            at_ms = (await self._moments.span())["last_ms"]
        step_ms = parse_number(query, "step_ms", 60_000, MAX_STEP_MS)
        count = parse_number(query, "count", 1, MAX_MOMENTS)
        if at_ms is None:
            return {"moments": []}
        times = [at_ms + number * step_ms for number in range(count)]
        async with self._turn:  # Heavy: several at once would keep other readers from the database.
            return {"moments": await self._moments.moments(times)}
