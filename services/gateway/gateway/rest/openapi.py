"""The OpenAPI document, made from one table of routes."""

from typing import Any

from common.events import Command
from common.trading.roster import Roster
from common.version import VERSION
from gateway.control.alertmanager import MAX_ALERTS
from gateway.http.endpoint import API
from gateway.http.parameters import MAX_LIMIT
from gateway.rest.export.routes import ARCHIVE
from gateway.rest.export.tables import EXPORTS
from gateway.rest.replay.routes import MAX_MOMENTS, MAX_STEP_MS
from gateway.rest.schema_parts import Schema, ref
from gateway.rest.schemas import RESPONSES, VERDICTS, components

Parameter = dict[str, Any]


def _query(name: str, schema: Schema) -> Parameter:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _path(name: str, schema: Schema) -> Parameter:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _count(name: str, most: int) -> Parameter:
    return _query(name, {"type": "integer", "minimum": 1, "maximum": most})


def _limit(most: int) -> Parameter:
    return _count("limit", most)


_MODEL = _query("model", ref("ContenderId"))
_MODEL_PATH = _path("model", ref("ContenderId"))
_SYMBOL = _query("symbol", ref("Coin"))
_SYMBOL_PATH = _path("symbol", ref("Coin"))
_LANG = _query("lang", {"type": "string", "enum": ["en", "zh"]})
_THEME = _query("theme", {"type": "string", "enum": ["light", "dark"]})
_BEFORE = _query("before", {"type": "string"})
_TIME: Schema = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_AT = _query("at", _TIME)

ROUTES: dict[str, tuple[str, list[Parameter]]] = {
    "/status": ("Mode, market, models, trading state", []),
    "/roster": ("Contenders with their colors and marks, and coins", []),
    "/prices": ("Latest prices of all coins", []),
    "/candles": (
        "Candles, oldest first; with `at` of the recorded prices up to then, without volume",
        [_SYMBOL, _query("interval", ref("Interval")), _limit(500), _AT],
    ),
    "/orderbook/{symbol}": ("Order book, 20 levels a side", [_SYMBOL_PATH]),
    "/tape/{symbol}": (
        "The market's latest trades, newest first, at most 50; side is the aggressor's",
        [_SYMBOL_PATH],
    ),
    "/accounts": ("All accounts", []),
    "/positions": ("Open positions", [_MODEL]),
    "/trades": (
        "Trades, newest first; with `at` as they stood then",
        [_MODEL, _SYMBOL, _limit(MAX_LIMIT), _BEFORE, _AT],
    ),
    "/trades/groups": ("Ended trades by coin, day, hour and result", [_MODEL]),
    "/decisions": (
        "Decisions up to a time, newest first",
        [
            _MODEL,
            _query("action", ref("Action")),
            _SYMBOL,
            _query("verdict", {"type": "string", "enum": list(VERDICTS)}),
            _query("until_ms", _TIME),
            _limit(MAX_LIMIT),
            _BEFORE,
        ],
    ),
    "/decisions/{cycle_id}/{model}": (
        "One decision with its prompt, verdict, orders, fills and trade",
        [_path("cycle_id", {"type": "string"}), _MODEL_PATH],
    ),
    "/cycles/{cycle_id}": (
        "One cycle: every contender's decision on the same snapshot, and what the prices did afterwards",
        [_path("cycle_id", {"type": "string"})],
    ),
    "/duels": ("The contenders' running score: agreement, who was right, calibration of confidence", []),
    "/equity": (
        "Equity over time, oldest first; with `at` as it stood then",
        [
            _AT,
            _MODEL,
            _query("range", {"type": "string", "enum": ["72h", "all"]}),
            _query("points", {"type": "integer", "minimum": 1, "maximum": 2000}),
        ],
    ),
    "/leaderboard": ("Models by return, with every statistic, the benchmarks, and each model's trades by coin", []),
    "/leads": ("Who was ahead: the newest changes of the lead, and each model's hours in it", []),
    "/limits": ("How much of each limit a model has used", []),
    "/models/{model}": ("One model: account, positions, latest trades, totals", [_MODEL_PATH]),
    "/operations": ("Services, streams, latencies, errors, alerts, dead letters", []),
    "/readme": ("README.TXT", [_LANG]),
    "/replay": ("The first and the last moment that are stored", []),
    "/replay/moments": (
        "The arena as it stood at equal steps from `at` on, or at the last moment",
        [_AT, _count("step_ms", MAX_STEP_MS), _count("count", MAX_MOMENTS)],
    ),
    "/openapi.json": ("This document", []),
}
FILES: dict[str, tuple[str, str, list[Parameter]]] = {
    **{
        f"{path}/card.{kind}": (summary, media_type, [parameter, _LANG, _THEME])
        for path, summary, parameter in (
            ("/models/{model}", "A contender's summary as a picture to share", _MODEL_PATH),
            ("/cycles/{cycle_id}", "A cycle's duel as a picture to share", _path("cycle_id", {"type": "string"})),
            ("/trades/{trade_id}", "A trade as a picture to share", _path("trade_id", {"type": "string"})),
        )
        for kind, media_type in (("svg", "image/svg+xml"), ("png", "image/png"))
    },
    **{f"/export/{name}.csv": (f"All {name} as CSV, oldest first", "text/csv", [_MODEL]) for name in EXPORTS},
    "/feed.atom": (
        "The latest entries, exits, alerts and changes of the lead",
        "application/atom+xml",
        [_MODEL, _LANG],
    ),
    f"/export/{ARCHIVE}.zip": ("All CSV files in one archive, with their hashes", "application/zip", [_MODEL]),
}
_ALERTMANAGER: Schema = {
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


def _response(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_UNCHANGED = {"304": {"description": "Unchanged"}}
_ERRORS = {
    status: _response(text, ref("Error"))
    for status, text in (("400", "A parameter is wrong"), ("404", "Not found"), ("503", "A store is unavailable"))
}


_REFUSED = {
    "401": _response("The token is missing or wrong", ref("Error")),
    "429": _response("Too many wrong tokens came from this address", ref("Error")),
}


def _get(summary: str, parameters: list[Parameter], found: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"summary": summary, "parameters": parameters, "responses": {"200": found} | _UNCHANGED | _ERRORS}}


def _post(summary: str, body: Schema, accepted: Schema) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "security": [{"token": []}],
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {
                "202": _response("Accepted", accepted),
                "400": _response("A field of the body is wrong", ref("Error")),
                **_REFUSED,
                "413": _response("The body is too big", ref("Error")),
            },
        }
    }


def document(roster: Roster | None, *, has_control: bool, has_alerts: bool) -> dict[str, Any]:
    """The OpenAPI 3.1 document of what a server with this roster and these routes serves."""
    paths: dict[str, Any] = {}
    for path, (summary, parameters) in ROUTES.items():
        paths[f"{API}{path}"] = _get(summary, parameters, _response(summary, RESPONSES[path]))
    for path, (summary, kind, parameters) in FILES.items():
        found = {"description": summary, "content": {kind: {"schema": {"type": "string"}}}}
        paths[f"{API}{path}"] = _get(summary, parameters, found)
    if has_control:
        summary = "The last log lines of each service"
        paths[f"{API}/logs"] = _get(summary, [], _response(summary, RESPONSES["/logs"]))
        paths[f"{API}/logs"]["get"] |= {"security": [{"token": []}]}
        paths[f"{API}/logs"]["get"]["responses"] |= _REFUSED
        for command in Command:
            summary = (
                "Close one position" if command is Command.CLOSE else f"{command.value.capitalize()} one model or all"
            )
            paths[f"{API}/control/{command.value}"] = _post(summary, ref("ControlRequest"), ref("ControlAccepted"))
    if has_alerts:
        paths[f"{API}/alerts"] = _post("Alertmanager's webhook", _ALERTMANAGER, ref("AlertsAccepted"))
    return {
        "openapi": "3.1.0",
        "info": {"title": "AIcoin", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components(roster),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
