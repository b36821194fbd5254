"""What REST answers look like, as JSON schemas: every field by name, none besides, so that a test can hold us to it."""

from typing import Any

Schema = dict[str, Any]

KINDS: dict[str, Schema] = {
    "text": {"type": "string"},
    "money": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "int": {"type": "integer"},
    "ms": {"type": "integer", "description": "Milliseconds since 1970 UTC"},
    "bool": {"type": "boolean"},
    "any": {},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "points": {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}},
}


def row(fields: str, **more: Schema) -> Schema:
    """An object with exactly these fields: `name:kind`, with a ? where null may stand."""
    properties: dict[str, Schema] = {}
    for field in fields.split():
        name, _, kind = field.partition(":")
        schema = KINDS[kind.removesuffix("?")]
        properties[name] = {"anyOf": [schema, {"type": "null"}]} if kind.endswith("?") else schema
    properties |= more
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def many(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def maybe(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


PRICE = row(
    "symbol:text price:money mark_price:money oracle_price:money prev_day_price:money day_volume_usd:money"
    " funding_rate_hourly:money open_interest:money time_ms:ms"
)
CANDLE = row(
    "open_time_ms:ms close_time_ms:ms open:money high:money low:money close:money volume:money trade_count:int"
    " is_closed:bool time_ms:ms"
)
LEVEL = row("price:text size:text")
PRINT = row("trade_id:int time_ms:ms side:text price:text size:text")
ACCOUNT = row(
    "model:text address:text equity:money balance:money available_balance:money margin_used:money"
    " unrealized_pnl:money total_notional:money margin_ratio:money start_balance:money return_percent:money? time_ms:ms"
    " total_pnl:money"
)
POSITION = row(
    "model:text symbol:text side:text position_size:money entry_price:money mark_price:money leverage:int"
    " notional:money unrealized_pnl:money liquidation_price:money? initial_margin:money stop_loss:money?"
    " take_profit:money? protected:bool funding:money opened_at:ms? updated_at:ms decision_id:text? cycle_id:text?"
)
TRADE = row(
    "id:text model:text symbol:text side:text entry_price:money exit_price:money? position_size:money leverage:int?"
    " entry_time:ms exit_time:ms? pnl:money? pnl_percent:money? fees:money funding:money status:text"
    " close_reason:text? entry_notional:money exit_notional:money? stop_loss:money? take_profit:money?"
    " cycle_id:text? decision_id:text?"
)
DECISION_FIELDS = (
    "id:text model:text cycle_id:text time_ms:ms outcome:text action:text? symbol:text? leverage:int?"
    " position_size_percent:money? confidence:money? reasoning:text? executed:bool verdict:text denial_code:text?"
    " failure_code:text? failure_reason:text? latency_ms:int? provider_model:text stand_in:bool"
)
DECISION = row(DECISION_FIELDS)
ORDER = row(
    "client_order_id:text order_id:int? model:text intent_id:text? symbol:text role:text side:text? size:money?"
    " price:money? trigger_price:money? status:text reason:text? time_ms:ms"
)
FILL = row(
    "id:text model:text symbol:text side:text price:money size:money fee:money closed_pnl:money role:text"
    " order_id:int trade_id:int cycle_id:text? time_ms:ms"
)
RULE = row("code:text passed:bool value:text? limit:text? setting:text? detail:text?")
LEADER = row(
    "rank:int model:text account_value:money return_percent:money? total_pnl:money fees:money funding:money"
    " win_rate_percent:money? biggest_win:money? biggest_loss:money? sharpe:money? trades:int sortino:money?"
    " max_drawdown_percent:money? profit_factor:money? expectancy:money? average_trade_notional:money?"
    " median_trade_notional:money? average_holding_ms:int? median_holding_ms:int? average_leverage:money?"
    " median_leverage:money? average_confidence:money? median_confidence:money? long_share_percent:money?"
    " return_band_low_percent:money? return_band_high_percent:money? brier:money? decisions:int prompt_tokens:int"
    " completion_tokens:int cost_usd:money average_latency_ms:int?"
)
STATISTICS = row(
    "net_realized:money? time_long_percent:money? time_short_percent:money? time_flat_percent:money? residual:money?"
    " residual_percent:money? explorer_url:text?"
)
MODEL_STATUS = row("model:text name:text provider_model:text stand_in:bool? trading_state:text reasons:list")
SYMBOL = row("symbol:text price_decimals_hint:int size_decimals:int max_leverage:int")
SERVICE = row("name:text ready:bool reason:text? started_ms:ms? time_ms:ms?")
STREAM = row("stream:text length:int", groups=many(row("name:text lag:int? pending:int")))

ANSWERS: dict[str, Schema] = {
    "/status": row(
        "mode:text market:text trading_state:text time_ms:ms started_ms:ms decision_interval_s:int start_balance:money"
        " has_control:bool version:text",
        models=many(MODEL_STATUS),
        symbols=many(SYMBOL),
    ),
    "/prices": row("time_ms:ms", prices=by_name(PRICE)),
    "/candles": row("symbol:text interval:text", candles=many(CANDLE)),
    "/orderbook/{symbol}": row("symbol:text time_ms:ms", bids=many(LEVEL), asks=many(LEVEL)),
    "/tape/{symbol}": row("symbol:text time_ms:ms?", trades=many(PRINT)),
    "/accounts": row("", accounts=many(ACCOUNT)),
    "/positions": row("", positions=many(POSITION)),
    "/trades": row("next_before:text?", trades=many(TRADE)),
    "/decisions": row("next_before:text?", decisions=many(DECISION)),
    "/decisions/{cycle_id}/{model}": row(
        DECISION_FIELDS
        + " raw_response:text? reasoning_content:text? strategy:text? strategy_hash:text? prompt_hash:text?"
        " usage:object? cost_usd:money? stop_loss:money? take_profit:money? invalidation_condition:object?"
        " dropped_keys:list attempts:int intent:object? snapshot:object?",
        prompt=row("system:text? user:text?"),
        previous_prompt=maybe(row("cycle_id:text user:text?")),
        rules=many(RULE),
        orders=many(ORDER),
        fills=many(FILL),
        trade=maybe(TRADE),
    ),
    "/equity": row(
        "start_balance:money",
        series=many(row("model:text start_balance:money points:points drawdown:points")),
        benchmarks=many(row("name:text points:points")),
    ),
    "/leaderboard": row("time_ms:ms", leaderboard=many(LEADER), benchmarks=many(row("name:text return_percent:money"))),
    "/models/{model}": row(
        "model:text",
        account=maybe(ACCOUNT),
        positions=many(POSITION),
        trades=many(TRADE),
        totals=maybe(LEADER),
        statistics=STATISTICS,
    ),
    "/operations": row(
        "time_ms:ms",
        services=many(SERVICE),
        streams=many(STREAM),
        latencies=many(row("name:text p50_ms:int? p99_ms:int? count:int")),
        errors=many(row("service:text count:int per_hour:money")),
        alerts=many(row("id:text code:text severity:text service:text model:text? message:text time_ms:ms")),
        dead_letters=many(row("stream:text count:int")),
    ),
    "/readme": row("lang:text text:text"),
    "/openapi.json": {"type": "object"},
}
ERROR = row("", error=row("code:text message:text"))
ACCEPTED = row("accepted:text model:text? id:text")
ALERTS_ACCEPTED = row("accepted:int")
