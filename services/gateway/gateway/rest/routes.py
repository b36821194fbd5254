"""The GET routes under /api/v1: each handler reads a store and returns the row that `schemas.py` describes."""

import json
from collections.abc import Awaitable, Callable, Hashable
from decimal import Decimal
from statistics import mean
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.events import Action
from common.runtime.service import Service
from common.trading.durations import HOUR_MS
from common.trading.roster import Roster
from gateway.config import GatewaySettings
from gateway.http.endpoint import Responder, get_route
from gateway.http.errors import ApiError
from gateway.http.parameters import (
    RosterParameters,
    parse_choice,
    parse_cursor,
    parse_interval,
    parse_limit,
    parse_number,
    parse_optional,
    parse_time,
)
from gateway.http.response_cache import Lifetime, ResponseCache, encode_response
from gateway.push.market_clock import MarketClock
from gateway.rest.atom import AtomFeed, Item, encode_feed
from gateway.rest.atom import document as atom_document
from gateway.rest.export.routes import ARCHIVE, Exports
from gateway.rest.export.tables import EXPORTS
from gateway.rest.limit_use import LimitUse, wire
from gateway.rest.openapi import document
from gateway.rest.operations import Operations
from gateway.rest.readme import Readme
from gateway.rest.replay.routes import Replay
from gateway.rest.schemas import VERDICTS
from gateway.rest.status import Status, roster_row
from gateway.storage.cycles import CycleQueries
from gateway.storage.market_cache import MarketCache
from gateway.storage.moments import MomentQueries
from gateway.storage.queries import FOREVER_MS, Queries
from gateway.storage.standing import StandingQueries, ranked
from gateway.storage.trade_groups import TradeGroups

RANGES_MS = {"72h": 72 * HOUR_MS, "all": None}
MAX_CANDLES = 500
MAX_POINTS, POINTS = 2_000, 500
POINT_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, POINTS, 1_000, MAX_POINTS)
"""Numbers of points that are read: a request for another number gets the next lower one, so that few differ."""
MODEL_TRADES = 25
FEED_LIFETIME = Lifetime(5.0, 30.0)
MAX_LEADS = 100
EXPLORERS = {
    "mainnet": "https://app.hyperliquid.xyz/explorer/address/",
    "testnet": "https://app.hyperliquid-testnet.xyz/explorer/address/",
}

Handler = Callable[[Request], Awaitable[Any]]

LIFETIMES = {
    "/status": Lifetime(0.5, 2.0),
    "/prices": Lifetime(0.1, 0.5),
    "/accounts": Lifetime(0.25, 1.0),
    "/positions": Lifetime(0.25, 1.0),
    "/equity": Lifetime(1.0, 5.0),
    "/leaderboard": Lifetime(0.25, 1.0),
    "/leads": Lifetime(10.0, 60.0),
    "/limits": Lifetime(0.5, 2.0),
    "/duels": Lifetime(10.0, 60.0),
    "/trades/groups": Lifetime(10.0, 60.0),
    "/models/{model}": Lifetime(0.25, 1.0),
    "/operations": Lifetime(1.0, 4.0),
}
"""Of the routes that every page asks for; the others are read for each request."""


class EquityQuery(NamedTuple):
    """What GET equity is asked for."""

    model: str | None
    points: int
    range: str
    at_ms: int | None


def _no_parameters(request: Request) -> Hashable:
    """What a route without parameters is asked for."""
    return None


class RestRoutes:
    """The handlers. They hold no state of their own but the response cache."""

    def __init__(
        self,
        service: Service,
        settings: GatewaySettings,
        roster: Roster,
        *,
        queries: Queries,
        market: MarketCache,
        status: Status,
        operations: Operations,
        market_clock: MarketClock,
    ) -> None:
        self._market_clock = market_clock
        self._clock, self._settings, self._roster = service.clock, settings, roster
        self._queries, self._market, self._status, self._operations = queries, market, status, operations
        self._cycles, self._standing = CycleQueries(queries), StandingQueries(queries, roster.ids)
        self._trade_groups = TradeGroups(queries)
        self._moments = MomentQueries(queries, roster.ids)
        self._replay = Replay(self._moments)
        self._parameters = RosterParameters(roster)
        self._cache = ResponseCache(service.clock)
        self._limit_use = LimitUse(service.redis, roster, queries, settings.daily_cost_cap_usd)
        self._feed = AtomFeed(roster, queries)
        self._readme = Readme(service.redis, roster)
        self._exports = Exports(self._parameters, queries)
        self._meanings: dict[str, Callable[[Request], Hashable]] = {
            "/positions": lambda request: self._parameters.model_filter(request.query_params),
            "/models/{model}": lambda request: self._parameters.model(request.path_params["model"]),
            "/equity": self._equity_query,
            "/trades/groups": lambda request: self._parameters.model_filter(request.query_params),
        }

    def routes(self) -> list[Route]:
        handlers: dict[str, Handler] = {
            "/status": self._get_status,
            "/roster": self._get_roster,
            "/prices": self._get_prices,
            "/candles": self._get_candles,
            "/orderbook/{symbol}": self._get_order_book,
            "/tape/{symbol}": self._get_tape,
            "/accounts": self._get_accounts,
            "/positions": self._get_positions,
            "/trades": self._get_trades,
            "/trades/groups": self._get_trade_groups,
            "/decisions": self._get_decisions,
            "/decisions/{cycle_id}/{model}": self._get_decision,
            "/cycles/{cycle_id}": self._get_cycle,
            "/duels": self._get_duels,
            "/equity": self._get_equity,
            "/leaderboard": self._get_leaderboard,
            "/leads": self._get_leads,
            "/limits": self._get_limits,
            "/models/{model}": self._get_model,
            "/operations": self._get_operations,
            "/readme": self._get_readme,
            "/replay": self._replay.get_span,
            "/replay/moments": self._replay.get_moments,
            "/openapi.json": self._get_openapi,
        }
        routes = [get_route(path, self._json_responder(path, handler)) for path, handler in handlers.items()]
        routes += [get_route(f"/export/{name}.csv", self._csv_responder(name)) for name in EXPORTS]
        routes.append(get_route("/feed.atom", self._get_feed))
        return [*routes, get_route(f"/export/{ARCHIVE}.zip", self._get_archive)]

    def _json_responder(self, path: str, handler: Handler) -> Responder:
        """The handler's row as JSON with an ETag, cached by what was asked for where a lifetime is set: of the
        present, not of a time that has passed."""
        lifetime, meaning = LIFETIMES.get(path), self._meanings.get(path, _no_parameters)

        async def respond(request: Request) -> Response:
            if lifetime is None or (path == "/equity" and "at" in request.query_params):
                return encode_response(await handler(request)).respond(request.headers)
            cached = await self._cache.get((path, meaning(request)), lifetime, lambda: handler(request))
            return cached.respond(request.headers)

        return respond

    def _csv_responder(self, name: str) -> Responder:
        async def respond(request: Request) -> Response:
            return await self._exports.csv(name, request)

        return respond

    async def _get_feed(self, request: Request) -> Response:
        """The entries are cached; the address comes from the request's Host, which anyone can vary, and is not."""
        model = self._parameters.model_filter(request.query_params)
        lang = parse_choice(request.query_params, "lang", ("en", "zh"))
        cached = await self._cache.get(("feed", model, lang), FEED_LIFETIME, lambda: self._feed.items(model, lang))
        base = f"{request.url.scheme}://{request.url.netloc}"
        items = [Item(*each) for each in json.loads(cached.body)]
        return encode_feed(atom_document(base, items)).respond(request.headers)

    async def _get_archive(self, request: Request) -> Response:
        return await self._exports.archive(request, self._clock.now_ms())

    async def _get_status(self, request: Request) -> Any:
        return await self._status.read()

    async def _get_roster(self, request: Request) -> Any:
        return roster_row(self._roster, self._settings)

    async def _get_prices(self, request: Request) -> Any:
        return {"prices": await self._market.prices(), "time_ms": self._clock.now_ms()}

    async def _get_candles(self, request: Request) -> Any:
        query = request.query_params
        symbol = self._parameters.symbol_filter(query) or self._parameters.default_symbol
        interval = parse_interval(query)
        limit = parse_limit(query, MAX_CANDLES, MAX_CANDLES)
        at_ms = parse_time(query, "at")
        if at_ms is None:
            candles = await self._market.candles(symbol, interval, limit)
        else:
            candles = await self._moments.candles(at_ms, symbol, interval, limit)
        return {"symbol": symbol, "interval": interval, "candles": candles}

    async def _get_order_book(self, request: Request) -> Any:
        symbol = self._parameters.symbol(request.path_params["symbol"])
        book = await self._market.order_book(symbol)
        if book is None:
            raise ApiError(404, "NOT_YET", f"no order book of {symbol} yet")
        return book

    async def _get_tape(self, request: Request) -> Any:
        """A market may be quiet: before its first trade the list is empty, which is no error."""
        symbol = self._parameters.symbol(request.path_params["symbol"])
        return await self._market.tape(symbol) or {"symbol": symbol, "time_ms": None, "trades": []}

    async def _get_accounts(self, request: Request) -> Any:
        return {"accounts": await self._queries.accounts(self._roster.ids)}

    async def _get_positions(self, request: Request) -> Any:
        model = self._parameters.model_filter(request.query_params)
        return {"positions": await self._queries.positions([model] if model else self._roster.ids)}

    async def _get_trades(self, request: Request) -> Any:
        query = request.query_params
        model, symbol = self._parameters.model_filter(query), self._parameters.symbol_filter(query)
        limit, before, at_ms = parse_limit(query, 50), parse_cursor(query), parse_time(query, "at")
        if at_ms is None:
            rows, next_before = await self._queries.trades(model, symbol, limit, before)
        else:
            filters = {"model": model, "symbol": symbol}
            rows, next_before = await self._moments.trades(at_ms, filters, limit, before)
        return {"trades": rows, "next_before": next_before}

    async def _get_trade_groups(self, request: Request) -> Any:
        model = self._parameters.model_filter(request.query_params)
        return await self._trade_groups.read(model) | {"time_ms": self._clock.now_ms()}

    async def _get_decisions(self, request: Request) -> Any:
        query = request.query_params
        filters = {
            "model": self._parameters.model_filter(query),
            "action": parse_optional(query, "action", tuple(Action)),
            "symbol": self._parameters.symbol_filter(query),
            "verdict": parse_optional(query, "verdict", VERDICTS),
        }
        rows, next_before = await self._queries.decisions(
            filters, parse_time(query, "until_ms"), parse_limit(query, 50), parse_cursor(query)
        )
        return {"decisions": rows, "next_before": next_before}

    async def _get_decision(self, request: Request) -> Any:
        model = self._parameters.model(request.path_params["model"])
        row = await self._queries.decision(request.path_params["cycle_id"].replace("\x00", ""), model)
        if row is None:
            raise ApiError(404, "NOT_FOUND", f"{model} has no decision of that cycle")
        return row

    async def _get_cycle(self, request: Request) -> Any:
        row = await self._cycles.cycle(request.path_params["cycle_id"].replace("\x00", ""))
        if row is None:
            raise ApiError(404, "NOT_FOUND", "no such cycle is recorded")
        return row

    async def _get_duels(self, request: Request) -> Any:
        return await self._cycles.scores() | {"time_ms": self._clock.now_ms()}

    def _equity_query(self, request: Request) -> EquityQuery:
        """Raises ApiError."""
        query = request.query_params
        most = parse_number(query, "points", POINTS, MAX_POINTS)
        points = max(step for step in POINT_STEPS if step <= most)
        span = parse_choice(query, "range", tuple(RANGES_MS))
        return EquityQuery(self._parameters.model_filter(query), points, span, parse_time(query, "at"))

    async def _get_equity(self, request: Request) -> Any:
        model, points, span, at_ms = self._equity_query(request)
        span_ms, until_ms = RANGES_MS[span], FOREVER_MS if at_ms is None else at_ms
        now_ms = self._market_clock.now_ms() if at_ms is None else at_ms
        since_ms = 0 if span_ms is None else (self._clock.now_ms() if now_ms is None else now_ms) - span_ms
        accounts, present = await self._queries.accounts(), self._roster.ids
        starts = [Decimal(row["start_balance"]) for row in accounts if row["model"] in present]
        start_balance = wire(mean(starts) if starts else self._settings.paper_start_balance)
        series = [
            {
                "model": row["model"],
                "start_balance": row["start_balance"],
                "has_left": row["model"] not in present,
                "drawdown": await self._queries.drawdown(row["model"], since_ms, points, until_ms),
            }
            | await self._queries.equity(row["model"], since_ms, max(1, points // 2), until_ms)
            for row in accounts
            if model in (None, row["model"])
        ]
        benchmarks = await self._queries.benchmark_series(start_balance, since_ms, points, until_ms)
        return {"series": series, "benchmarks": benchmarks, "start_balance": start_balance}

    async def _get_leaderboard(self, request: Request) -> Any:
        return {
            "leaderboard": ranked(await self._queries.leaderboard(), self._roster.ids),
            "benchmarks": await self._queries.benchmarks(),
            "coins": await self._standing.coin_results(),
            "time_ms": self._clock.now_ms(),
        }

    async def _get_limits(self, request: Request) -> Any:
        now_ms = self._clock.now_ms()
        return {"models": await self._limit_use.read(self._market_clock.now_ms() or now_ms), "time_ms": now_ms}

    async def _get_leads(self, request: Request) -> Any:
        return await self._standing.leads(MAX_LEADS) | {"time_ms": self._clock.now_ms()}

    async def _get_model(self, request: Request) -> Any:
        model = self._parameters.model(request.path_params["model"])
        account = next(iter(await self._queries.accounts([model])), None)
        rows = ranked(await self._queries.leaderboard(), self._roster.ids)
        totals = next((row for row in rows if row["model"] == model), None)
        trades, _ = await self._queries.trades(model, None, MODEL_TRADES, None)
        explorer = EXPLORERS.get(self._settings.hyperliquid_env)
        address = account["address"] if account else None
        return {
            "model": model,
            "account": account,
            "positions": await self._queries.positions([model]),
            "trades": trades,
            "totals": totals,
            "statistics": await self._queries.model_statistics(model)
            | {"explorer_url": f"{explorer}{address}" if explorer and address else None},
        }

    async def _get_operations(self, request: Request) -> Any:
        return await self._operations.read()

    async def _get_readme(self, request: Request) -> Any:
        lang = parse_choice(request.query_params, "lang", ("en", "zh"))
        return {"lang": lang, "text": await self._readme.text(lang)}

    async def _get_openapi(self, request: Request) -> Any:
        has_control, has_alerts = self._settings.control_token is not None, self._settings.alert_token is not None
        return document(self._roster, has_control=has_control, has_alerts=has_alerts)
