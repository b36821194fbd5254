"""GET models/{model}/card.svg and card.png."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.runtime.service import Service
from common.trading.roster import Roster
from gateway.card.drawing import Lang, Summary, Theme, png, svg
from gateway.http.endpoint import Responder, get_route
from gateway.http.parameters import RosterParameters, parse_choice
from gateway.http.response_cache import EncodedResponse, Lifetime, ResponseCache
from gateway.rest.status import Status
from gateway.storage.queries import Queries

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
BUCKETS = 200
LIFETIME = Lifetime(10.0, 60.0)
"""A PNG takes as long to draw as many other answers to read."""
LANGS: tuple[Lang, ...] = ("en", "zh")
THEMES: tuple[Theme, ...] = ("light", "dark")


class CardRoutes:
    """Reads a contender's summary and draws it. One PNG is drawn at a time, in a thread; each picture is kept for
    `LIFETIME`, so that any number of requests draws each at most once in ten seconds."""

    def __init__(self, service: Service, roster: Roster, queries: Queries, status: Status) -> None:
        self._service, self._roster, self._queries, self._status = service, roster, queries, status
        self._parameters = RosterParameters(roster)
        self._drawing = asyncio.Semaphore(1)
        self._cache = ResponseCache(service.clock)

    def routes(self) -> list[Route]:
        return [get_route(f"/models/{{model}}/card.{kind}", self._responder(kind)) for kind in MEDIA_TYPES]

    def _responder(self, kind: str) -> Responder:
        async def respond(request: Request) -> Response:
            lang = parse_choice(request.query_params, "lang", LANGS)
            theme = parse_choice(request.query_params, "theme", THEMES)
            model = self._parameters.model(request.path_params["model"])

            def encode(picture: bytes, read_s: float) -> EncodedResponse:
                etag = f'W/"{hashlib.sha256(picture).hexdigest()[:24]}"'
                return EncodedResponse(picture, None, etag, read_s, MEDIA_TYPES[kind])

            draw = self._reader(kind, model, lang, theme)
            cached = await self._cache.get((kind, model, lang, theme), LIFETIME, draw, encode)
            return cached.respond(request.headers)

        return respond

    def _reader(self, kind: str, model: str, lang: Lang, theme: Theme) -> Callable[[], Awaitable[bytes]]:
        async def draw() -> bytes:
            picture = svg(await self._summary(model), lang, theme)
            return picture.encode() if kind == "svg" else await self._draw_png(picture)

        return draw

    async def _draw_png(self, picture: str) -> bytes:
        async with self._drawing:
            return await asyncio.to_thread(png, picture)

    async def _summary(self, model: str) -> Summary:
        arena = await self._status.read()
        status = next(row for row in arena["models"] if row["model"] == model)
        totals = next((row for row in await self._queries.leaderboard() if row["model"] == model), None)
        account = next((row for row in await self._queries.accounts() if row["model"] == model), None)
        return Summary(
            contender=self._roster.contender(model),
            mode=arena["mode"],
            is_stand_in=bool(status["stand_in"]),
            start_balance=account["start_balance"] if account else arena["start_balance"],
            totals=totals,
            points=[(time_ms, equity) for time_ms, equity in await self._queries.equity(model, 0, BUCKETS)],
            time_ms=account["time_ms"] if account else self._service.clock.now_ms(),
        )
