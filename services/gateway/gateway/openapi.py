"""The OpenAPI document, made from one table of routes."""

from typing import Any

from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import MODELS, SYMBOLS
from common.version import VERSION
from gateway.alerts import MAX_ALERTS
from gateway.schemas import ACCEPTED, ALERTS_ACCEPTED, ANSWERS, ERROR

Parameter = dict[str, Any]


def _query(name: str, schema: dict[str, Any], *, place: str = "query") -> Parameter:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


_MODEL = _query("model", {"type": "string", "enum": list(MODELS)})
_SYMBOL = _query("symbol", {"type": "string", "enum": [symbol.value for symbol in SYMBOLS]})
_INTERVAL = _query("interval", {"type": "string", "enum": list(INTERVALS_MS)})
_LANG = _query("lang", {"type": "string", "enum": ["en", "zh"]})
_THEME = _query("theme", {"type": "string", "enum": ["light", "dark"]})
_BEFORE = _query("before", {"type": "string"})


def _limit(most: int) -> Parameter:
    return _query("limit", {"type": "integer", "minimum": 1, "maximum": most})


def _in_path(parameter: Parameter) -> Parameter:
    return parameter | {"in": "path", "required": True}


ROUTES: dict[str, tuple[str, list[Parameter]]] = {
    "/status": ("Mode, market, models, trading state", []),
    "/prices": ("Newest prices of the six coins", []),
    "/candles": ("Candles, oldest first", [_SYMBOL, _INTERVAL, _limit(500)]),
    "/orderbook/{symbol}": ("Order book, 20 levels a side", [_in_path(_SYMBOL)]),
    "/tape/{symbol}": (
        "The market's own trades, newest first, at most 50; side is the aggressor's",
        [_in_path(_SYMBOL)],
    ),
    "/accounts": ("Both accounts", []),
    "/positions": ("Open positions", [_MODEL]),
    "/trades": ("Trades, newest first", [_MODEL, _SYMBOL, _limit(200), _BEFORE]),
    "/decisions": ("Decisions, newest first", [_MODEL, _limit(200), _BEFORE]),
    "/decisions/{cycle_id}/{model}": (
        "One decision with everything that followed",
        [_query("cycle_id", {"type": "string"}, place="path"), _in_path(_MODEL)],
    ),
    "/equity": (
        "Equity over time, oldest first",
        [
            _MODEL,
            _query("range", {"type": "string", "enum": ["72h", "all"]}),
            _query("points", {"type": "integer", "minimum": 1, "maximum": 2000}),
        ],
    ),
    "/leaderboard": ("Models by return, with every statistic, and the benchmarks", []),
    "/models/{model}": ("One model: account, positions, last trades, totals", [_in_path(_MODEL)]),
    "/operations": ("Services, streams, latencies, errors, alerts, dead letters", []),
    "/readme": ("README.TXT", [_LANG]),
    "/openapi.json": ("This document", []),
}
FILES: dict[str, tuple[str, str, list[Parameter]]] = {
    "/models/{model}/card.svg": ("A summary picture to share", "image/svg+xml", [_in_path(_MODEL), _LANG, _THEME]),
    "/models/{model}/card.png": ("A summary picture to share", "image/png", [_in_path(_MODEL), _LANG, _THEME]),
    **{
        f"/export/{name}.csv": (f"All {name} as CSV, oldest first", "text/csv", [_MODEL])
        for name in ("equity", "trades", "decisions")
    },
}
_COMMAND = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "model": {"anyOf": [{"type": "string", "enum": list(MODELS)}, {"type": "null"}]},
        "reason": {"type": "string", "maxLength": 200, "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
    },
}


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_ALERTMANAGER = {
    "type": "object",
    "required": ["alerts"],
    "properties": {
        "alerts": {
            "type": "array",
            "maxItems": MAX_ALERTS,
            "items": {
                "type": "object",
                "required": ["status", "labels", "startsAt", "fingerprint"],
                "properties": {
                    "status": {"type": "string", "enum": ["firing", "resolved"]},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                    "startsAt": {"type": "string"},
                    "fingerprint": {"type": "string"},
                },
            },
        }
    },
}


def _post(summary: str, body: dict[str, Any], accepted: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{"token": []}],
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {
            "202": _response("Accepted", accepted),
            "400": errors["400"],
            "401": _response("The token is missing or wrong", {"$ref": "#/components/schemas/Error"}),
            "413": _response("The body is too big", {"$ref": "#/components/schemas/Error"}),
        },
    }


def document(*, has_control: bool, has_alerts: bool = False) -> dict[str, Any]:
    """The OpenAPI 3.1 document of what this server really serves."""
    errors = {
        status: _response(text, {"$ref": "#/components/schemas/Error"})
        for status, text in (("400", "A parameter is wrong"), ("404", "Not there"), ("503", "The stores are away"))
    }
    paths: dict[str, Any] = {}
    unchanged = {"304": {"description": "Unchanged"}}
    for path, (summary, parameters) in ROUTES.items():
        responses = {"200": _response(summary, ANSWERS[path])} | unchanged | errors
        paths[f"/api/v1{path}"] = {"get": {"summary": summary, "parameters": parameters, "responses": responses}}
    for path, (summary, kind, parameters) in FILES.items():
        found = {"200": {"description": summary, "content": {kind: {"schema": {"type": "string"}}}}}
        responses = found | unchanged | errors
        paths[f"/api/v1{path}"] = {"get": {"summary": summary, "parameters": parameters, "responses": responses}}
    if has_control:
        for command in ("halt", "resume", "flatten"):
            summary = f"{command.capitalize()} one model or all"
            paths[f"/api/v1/control/{command}"] = {"post": _post(summary, _COMMAND, ACCEPTED, errors)}
    if has_alerts:
        summary = "Alertmanager's webhook"
        paths["/api/v1/alerts"] = {"post": _post(summary, _ALERTMANAGER, ALERTS_ACCEPTED, errors)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "AIcoin", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
