"""GET models/{model}/card.svg, cycles/{cycle_id}/card.svg, trades/{trade_id}/card.svg, and each as PNG."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.runtime.service import Service
from common.trading.roster import Roster
from gateway.card.drawing import Summary, svg
from gateway.card.duel import duel_svg
from gateway.card.parts import Lang, Theme, png
from gateway.card.trade import trade_svg
from gateway.http.endpoint import Responder, get_route
from gateway.http.errors import ApiError
from gateway.http.parameters import RosterParameters, parse_choice
from gateway.http.response_cache import EncodedResponse, Lifetime, ResponseCache
from gateway.rest.status import Status
from gateway.storage.cycles import CycleQueries
from gateway.storage.queries import Queries
from gateway.storage.standing import ranked

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
BUCKETS = 200
LIFETIME = Lifetime(10.0, 60.0)
"""A PNG takes as long to draw as many other answers to read."""
LANGS: tuple[Lang, ...] = ("en", "zh")
THEMES: tuple[Theme, ...] = ("light", "dark")

Draw = Callable[[Request, Lang, Theme], Awaitable[str]]


class CardRoutes:
    """Reads what a card shows and draws it. One PNG is drawn at a time, in a thread; each picture is kept for
    `LIFETIME`, so that any number of requests draws each at most once in ten seconds."""

    def __init__(self, service: Service, roster: Roster, queries: Queries, status: Status) -> None:
        self._service, self._roster, self._queries, self._status = service, roster, queries, status
        self._cycles, self._parameters = CycleQueries(queries), RosterParameters(roster)
        self._drawing = asyncio.Semaphore(1)
        self._cache = ResponseCache(service.clock)

    def routes(self) -> list[Route]:
        cards: dict[str, Draw] = {
            "/models/{model}": self._draw_model,
            "/cycles/{cycle_id}": self._draw_duel,
            "/trades/{trade_id}": self._draw_trade,
        }
        return [
            get_route(f"{path}/card.{kind}", self._responder(draw, kind))
            for path, draw in cards.items()
            for kind in MEDIA_TYPES
        ]

    def _responder(self, draw: Draw, kind: str) -> Responder:
        async def respond(request: Request) -> Response:
            lang = parse_choice(request.query_params, "lang", LANGS)
            theme = parse_choice(request.query_params, "theme", THEMES)

            def encode(drawn: bytes, read_s: float) -> EncodedResponse:
                etag = f'W/"{hashlib.sha256(drawn).hexdigest()[:24]}"'
                return EncodedResponse(drawn, None, etag, read_s, MEDIA_TYPES[kind])

            async def read() -> bytes:
                drawn = await draw(request, lang, theme)
                return drawn.encode() if kind == "svg" else await self._draw_png(drawn)

            cached = await self._cache.get(
                (draw, kind, *request.path_params.values(), lang, theme), LIFETIME, read, encode
            )
            return cached.respond(request.headers)

        return respond

    async def _draw_png(self, drawn: str) -> bytes:
        async with self._drawing:
            return await asyncio.to_thread(png, drawn)

    async def _draw_model(self, request: Request, lang: Lang, theme: Theme) -> str:
        return svg(await self._summary(self._parameters.model(request.path_params["model"])), lang, theme)

    async def _draw_duel(self, request: Request, lang: Lang, theme: Theme) -> str:
        cycle = await self._cycles.cycle(request.path_params["cycle_id"].replace("\x00", ""))
        if cycle is None:
            raise ApiError(404, "NOT_FOUND", "no such cycle is recorded")
        mode = (await self._status.read())["mode"]
        return duel_svg(cycle, self._roster.contenders, mode, lang, theme)

    async def _draw_trade(self, request: Request, lang: Lang, theme: Theme) -> str:
        trade = await self._queries.trade(request.path_params["trade_id"].replace("\x00", ""))
        if trade is None or trade["model"] not in self._roster.ids:
            raise ApiError(404, "NOT_FOUND", "no such trade is recorded")
        mode = (await self._status.read())["mode"]
        return trade_svg(trade, self._roster.contender(trade["model"]), mode, lang, theme)

    async def _summary(self, model: str) -> Summary:
        arena = await self._status.read()
        status = next(row for row in arena["models"] if row["model"] == model)
        rows = ranked(await self._queries.leaderboard(), self._roster.ids)
        totals = next((row for row in rows if row["model"] == model), None)
        account = next(iter(await self._queries.accounts([model])), None)
        series = await self._queries.equity(model, 0, BUCKETS)
        return Summary(
            contender=self._roster.contender(model),
            mode=arena["mode"],
            is_stand_in=bool(status["stand_in"]),
            start_balance=account["start_balance"] if account else arena["start_balance"],
            totals=totals,
            points=[(time_ms, equity) for time_ms, equity in series["points"]],
            time_ms=account["time_ms"] if account else self._service.clock.now_ms(),
        )
