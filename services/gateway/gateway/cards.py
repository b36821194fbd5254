"""GET models/{model}/card.svg and card.png."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from common.runtime.service import Service
from gateway import parameters
from gateway.card import Lang, Summary, Theme, png, svg
from gateway.queries import Queries
from gateway.status import Status

PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
BUCKETS = 200
LANGS: tuple[Lang, ...] = ("en", "zh")
THEMES: tuple[Theme, ...] = ("light", "dark")


class Cards:
    """Puts together what the card tells, and draws it."""

    def __init__(self, service: Service, queries: Queries, status: Status) -> None:
        self._service, self._queries, self._status = service, queries, status
        self._pencil = asyncio.Semaphore(1)

    def drawing(self, kind: str) -> Callable[[Request], Awaitable[Response]]:
        """What answers with a picture of that kind. Raises ApiError."""

        async def respond(request: Request) -> Response:
            lang = parameters.choice_of(request.query_params, "lang", LANGS)
            theme = parameters.choice_of(request.query_params, "theme", THEMES)
            picture = svg(await self._summary(parameters.known_model(request.path_params["model"])), lang, theme)
            etag = f'W/"{hashlib.sha256(picture.encode()).hexdigest()[:24]}"'
            headers = {"ETag": etag, "Cache-Control": "no-cache"}
            if etag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            body = picture.encode() if kind == "svg" else await self._drawn(picture)
            return Response(body, media_type=PICTURES[kind], headers=headers)

        return respond

    async def _drawn(self, picture: str) -> bytes:
        """The PNG; one at a time, in a thread, since drawing takes as long as many other answers."""
        async with self._pencil:
            return await asyncio.to_thread(png, picture)

    async def _summary(self, model: str) -> Summary:
        state = await self._status.read()
        status = next(row for row in state["models"] if row["model"] == model)
        totals = [row for row in await self._queries.leaderboard() if row["model"] == model]
        accounts = [row for row in await self._queries.accounts() if row["model"] == model]
        return Summary(
            model=model,
            name=status["name"],
            mode=state["mode"],
            is_stand_in=bool(status["stand_in"]),
            start_balance=accounts[0]["start_balance"] if accounts else state["start_balance"],
            totals=totals[0] if totals else None,
            points=[(time_ms, equity) for time_ms, equity in await self._queries.equity(model, 0, BUCKETS)],
            time_ms=accounts[0]["time_ms"] if accounts else self._service.clock.now_ms(),
        )
