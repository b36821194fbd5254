"""REST: read-only answers from PostgreSQL and the cache. Nothing is computed here."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway import metrics, parameters
from gateway.answers import Answers, Lifetime, answer_of
from gateway.cards import PICTURES, Cards
from gateway.config import GatewaySettings
from gateway.errors import ApiError, answer
from gateway.exports import EXPORTS, export
from gateway.openapi import document
from gateway.operations import Operations
from gateway.queries import Queries
from gateway.readme import Readme
from gateway.snapshots import prices
from gateway.status import Status

HOUR_MS = 3_600_000
RANGES_MS = {"72h": 72 * HOUR_MS, "all": None}
MAX_CANDLES = 500
MODEL_TRADES = 25
EXPLORERS = {
    "mainnet": "https://app.hyperliquid.xyz/explorer/address/",
    "testnet": "https://app.hyperliquid-testnet.xyz/explorer/address/",
}
STATISTICS = (
    *("net_realized", "time_long_percent", "time_short_percent", "time_flat_percent"),
    *("residual", "residual_percent"),
)

Handler = Callable[[Request], Awaitable[Any]]
Responder = Callable[[Request], Awaitable[Response]]

LIFETIMES = {
    "/status": Lifetime(0.5, 2.0),
    "/prices": Lifetime(0.1, 0.5),
    "/accounts": Lifetime(0.25, 1.0),
    "/positions": Lifetime(0.25, 1.0),
    "/equity": Lifetime(1.0, 5.0),
    "/leaderboard": Lifetime(0.25, 1.0),
    "/models/{model}": Lifetime(0.25, 1.0),
    "/operations": Lifetime(1.0, 4.0),
}


class Rest:
    """The routes under /api/v1."""

    def __init__(
        self, service: Service, settings: GatewaySettings, queries: Queries, status: Status, operations: Operations
    ) -> None:
        self._service, self._settings, self._queries, self._status = service, settings, queries, status
        self._operations, self._answers = operations, Answers(service.clock)
        self._redis = service.redis
        self._readme = Readme(service.redis)
        self._cards = Cards(service, queries, status)

    def routes(self) -> list[Route]:
        handlers: dict[str, Handler] = {
            "/status": self._get_status,
            "/prices": self._get_prices,
            "/candles": self._get_candles,
            "/orderbook/{symbol}": self._get_book,
            "/tape/{symbol}": self._get_tape,
            "/accounts": self._get_accounts,
            "/positions": self._get_positions,
            "/trades": self._get_trades,
            "/decisions": self._get_decisions,
            "/decisions/{cycle_id}/{model}": self._get_decision,
            "/equity": self._get_equity,
            "/leaderboard": self._get_leaderboard,
            "/models/{model}": self._get_model,
            "/operations": self._get_operations,
            "/readme": self._get_readme,
            "/openapi.json": self._get_openapi,
        }
        served = {path: self._answering(handler, LIFETIMES.get(path)) for path, handler in handlers.items()}
        served |= {f"/models/{{model}}/card.{kind}": self._cards.drawing(kind) for kind in PICTURES}
        served |= {f"/export/{name}.csv": self._exporting(name) for name in EXPORTS}
        return [Route(f"/api/v1{path}", self._served(path, each), methods=["GET"]) for path, each in served.items()]

    def _answering(self, handler: Handler, lifetime: Lifetime | None) -> Responder:
        """The handler's content as JSON with an ETag, kept ready where many ask for the same."""

        async def respond(request: Request) -> Response:
            if lifetime is None:
                return answer_of(await handler(request)).respond(request.headers)
            key = f"{request.url.path}?{request.url.query}"
            kept = await self._answers.get(key, lifetime, lambda: handler(request))
            return kept.respond(request.headers)

        return respond

    def _exporting(self, name: str) -> Responder:
        async def respond(request: Request) -> Response:
            return await export(name, request, self._queries)

        return respond

    def _served(self, path: str, responder: Responder) -> Responder:
        """The responder with its errors in the one error shape."""

        async def endpoint(request: Request) -> Response:
            try:
                response = await responder(request)
            except ApiError as error:
                response = answer(error)
            except Exception as error:
                if not is_outage(error):
                    raise
                response = answer(ApiError(503, "UNAVAILABLE", "the stores do not answer at the moment; try again"))
            metrics.REQUESTS.labels(path, response.status_code).inc()
            return response

        return endpoint

    async def _get_status(self, request: Request) -> Any:
        return await self._status.read()

    async def _get_prices(self, request: Request) -> Any:
        return {"prices": await prices(self._redis), "time_ms": self._service.clock.now_ms()}

    async def _get_candles(self, request: Request) -> Any:
        query = request.query_params
        symbol = parameters.known_symbol(query.get("symbol", "BTC"))
        interval = parameters.interval_of(query)
        limit = parameters.limit_of(query, MAX_CANDLES, MAX_CANDLES)
        values = await self._redis.lrange(f"kline:{symbol}:{interval}", -limit, -1)
        return {"symbol": symbol, "interval": interval, "candles": [json.loads(value) for value in values]}

    async def _get_book(self, request: Request) -> Any:
        symbol = parameters.known_symbol(request.path_params["symbol"])
        value = await self._redis.get(f"orderbook:{symbol}")
        if value is None:
            raise ApiError(404, "NOT_YET", f"no order book of {symbol} yet")
        return json.loads(value)

    async def _get_tape(self, request: Request) -> Any:
        """A market may be quiet: before its first trade the list is empty, which is no error."""
        symbol = parameters.known_symbol(request.path_params["symbol"])
        value = await self._redis.get(f"tape:{symbol}")
        return {"symbol": symbol, "time_ms": None, "trades": []} if value is None else json.loads(value)

    async def _get_accounts(self, request: Request) -> Any:
        return {"accounts": await self._queries.accounts()}

    async def _get_positions(self, request: Request) -> Any:
        return {"positions": await self._queries.positions(parameters.model_of(request.query_params))}

    async def _get_trades(self, request: Request) -> Any:
        query = request.query_params
        rows, following = await self._queries.trades(
            parameters.model_of(query),
            parameters.symbol_of(query),
            parameters.limit_of(query, 50),
            parameters.cursor_of(query),
        )
        return {"trades": rows, "next_before": following}

    async def _get_decisions(self, request: Request) -> Any:
        query = request.query_params
        rows, following = await self._queries.decisions(
            parameters.model_of(query), parameters.limit_of(query, 50), parameters.cursor_of(query)
        )
        return {"decisions": rows, "next_before": following}

    async def _get_decision(self, request: Request) -> Any:
        model = parameters.known_model(request.path_params["model"])
        row = await self._queries.decision(request.path_params["cycle_id"].replace("\x00", ""), model)
        if row is None:
            raise ApiError(404, "NOT_FOUND", f"{model} has no decision of that cycle")
        return row

    async def _get_equity(self, request: Request) -> Any:
        query = request.query_params
        model, points = parameters.model_of(query), parameters.number_of(query, "points", 500, 2_000)
        span_ms = RANGES_MS[parameters.choice_of(query, "range", ("72h", "all"))]
        since = 0 if span_ms is None else self._service.clock.now_ms() - span_ms
        start_balance = await self._queries.start_balance() or format(self._settings.paper_start_balance, "f")
        series = [
            {
                "model": row["model"],
                "start_balance": row["start_balance"],
                "points": await self._queries.equity(row["model"], since, max(1, points // 2)),
                "drawdown": await self._queries.drawdown(row["model"], since, points),
            }
            for row in await self._queries.accounts()
            if model in (None, row["model"])
        ]
        benchmarks = await self._queries.benchmark_series(start_balance, since, points)
        return {"series": series, "benchmarks": benchmarks, "start_balance": start_balance}

    async def _get_leaderboard(self, request: Request) -> Any:
        return {
            "leaderboard": await self._queries.leaderboard(),
            "benchmarks": await self._queries.benchmarks(),
            "time_ms": self._service.clock.now_ms(),
        }

    async def _get_model(self, request: Request) -> Any:
        model = parameters.known_model(request.path_params["model"])
        accounts = [row for row in await self._queries.accounts() if row["model"] == model]
        totals = [row for row in await self._queries.leaderboard() if row["model"] == model]
        trades, _ = await self._queries.trades(model, None, MODEL_TRADES, None)
        return {
            "model": model,
            "account": accounts[0] if accounts else None,
            "positions": await self._queries.positions(model),
            "trades": trades,
            "totals": totals[0] if totals else None,
            "statistics": await self._statistics(model, accounts[0]["address"] if accounts else None),
        }

    async def _statistics(self, model: str, address: str | None) -> Any:
        figures = await self._queries.model_statistics(model) or dict.fromkeys(STATISTICS)
        explorer = EXPLORERS.get(self._settings.hyperliquid_env)
        figures.pop("model", None)
        return figures | {"explorer_url": f"{explorer}{address}" if explorer and address else None}

    async def _get_operations(self, request: Request) -> Any:
        return await self._operations.read()

    async def _get_readme(self, request: Request) -> Any:
        lang = parameters.choice_of(request.query_params, "lang", ("en", "zh"))
        return {"lang": lang, "text": await self._readme.text(lang)}

    async def _get_openapi(self, request: Request) -> Any:
        own = self._settings
        return document(has_control=own.control_token is not None, has_alerts=own.alert_token is not None)
