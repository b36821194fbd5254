"""The rows of REST and of the WebSocket as JSON schemas: the components of the OpenAPI document.

This is the one description of what the page reads: `openapi.py` puts it into the document, `typescript.py` turns it
into the page's types, and a contract test holds real responses and pushes to it. Every field is named, with its
nullability and its values; no other field may appear. Only a statistics row may have further columns: each column of
the view is one, so that a new statistic needs no line here.

Contenders and coins that the roster lists are enums; recorded rows, which may be older, hold plain names.
"""

from enum import StrEnum
from typing import Final, get_args

from common.events import Action, AlertSeverity, Channel, Command, IgnoreReason, Outcome
from common.trading.intervals import INTERVALS_MS
from common.trading.orders import OrderRole, OrderSide, Side
from common.trading.roster import Mark, Provider, Roster
from gateway.rest.cycle_schemas import CYCLES
from gateway.rest.replay.schemas import MOMENTS, REPLAY_RESPONSES
from gateway.rest.schema_parts import (
    GAUGES,
    KINDS,
    MONEY,
    NULL,
    Schema,
    by_name,
    joined,
    many,
    maybe,
    one_of,
    ref,
    row,
    statistics_row,
)

VERDICTS: Final = ("NONE", "APPROVED", "DENIED")
TRADING_STATES: Final = ("ACTIVE", "REDUCING", "HALTED")
"""In order of severity."""


class ServiceState(StrEnum):
    """READY and NOT_READY as the service reports itself; STARTING while it begins, or has not been heard since the
    gateway's own start; SILENT when its last report is old or none has come."""

    READY = "READY"
    STARTING = "STARTING"
    NOT_READY = "NOT_READY"
    SILENT = "SILENT"


def components(roster: Roster | None) -> dict[str, Schema]:
    """Every component by name. Without a roster contenders and coins are any names: the page's types are made so."""
    return _names(roster) | MARKET | ACCOUNTS | MOMENTS | DECISIONS | CYCLES | STATISTICS | ARENA | PUSHES | REQUESTS


def _names(roster: Roster | None) -> dict[str, Schema]:
    any_name: Schema = {"type": "string"}
    return {
        "ContenderId": any_name if roster is None else one_of(roster.ids),
        "Coin": any_name if roster is None else one_of(roster.coins),
        "Side": one_of(Side),
        "OrderSide": one_of(OrderSide),
        "OrderRole": one_of(OrderRole),
        "Action": one_of(Action),
        "Interval": one_of(INTERVALS_MS),
        "TradingState": one_of(TRADING_STATES),
        "Mode": one_of(("PAPER", "TESTNET", "MAINNET")),
        "Market": one_of(("LIVE", "CAPTURE", "SIMULATED", "UNKNOWN")),
        "Figure": {"anyOf": [MONEY, {"type": "integer"}, NULL], "description": "A statistic; null while undefined"},
        "Point": {
            "type": "array",
            "prefixItems": [KINDS["ms"], MONEY],
            "items": False,
            "minItems": 2,
            "maxItems": 2,
            "description": "Time and value",
        },
    }


MARKET: dict[str, Schema] = {
    "Price": row(
        "symbol:Coin price:money mark_price:money oracle_price:money prev_day_price:money day_volume_usd:money"
        " funding_rate_hourly:money open_interest:money time_ms:ms"
    ),
    "Candle": row(
        "open_time_ms:ms close_time_ms:ms open:money high:money low:money close:money volume:money trade_count:int"
        " is_closed:bool time_ms:ms"
    ),
    "BookLevel": row("price:money size:money"),
    "OrderBook": row("symbol:Coin time_ms:ms", bids=many(ref("BookLevel")), asks=many(ref("BookLevel"))),
    "MarketTrade": row("trade_id:int time_ms:ms side:OrderSide price:money size:money"),
    "CoinSummary": row(
        "symbol:text mid_price:money mark_price:money oracle_price:money prev_day_price:money day_volume_usd:money"
        " funding_rate_hourly:money premium:float? open_interest_coin:money open_interest_average_coin:float?"
        " spread_bps:float? imbalance:float?",
        flow=row("window_s:int buy_usd:float sell_usd:float"),
        series=by_name(by_name(maybe(KINDS["float"]))),
    ),
    "Sentiment": row("fear_greed:int classification:text time_ms:ms"),
    "MarketSummary": row(
        "cycle_number:int boundary_ms:ms partial:bool missed_cycles:int sentiment:Sentiment?",
        coins=many(ref("CoinSummary")),
    ),
}

ACCOUNTS: dict[str, Schema] = {
    "Account": row(
        "model:text address:text mode:text equity:money balance:money available_balance:money margin_used:money"
        " unrealized_pnl:money total_notional:money margin_ratio:money start_balance:money return_percent:money?"
        " time_ms:ms total_pnl:money"
    ),
    "Position": row(
        "model:text symbol:text side:Side position_size:money entry_price:money mark_price:money leverage:int"
        " notional:money unrealized_pnl:money liquidation_price:money? margin_used:money"
        " initial_margin:money stop_loss:money? take_profit:money? protected:bool? funding:money"
        " opened_at:ms? updated_at:ms decision_id:text? cycle_id:text?"
    ),
    "Trade": row(
        "id:text model:text symbol:text side:Side entry_price:money exit_price:money? position_size:money"
        " open_size:money leverage:int? entry_time:ms exit_time:ms? pnl:money? pnl_percent:money? fees:money"
        " funding:money close_reason:text? entry_notional:money exit_notional:money? stop_loss:money?"
        " take_profit:money? mae_percent:money? mfe_percent:money? cycle_id:text? exit_cycle_id:text?"
        " decision_id:text?",
        status=one_of(("OPEN", "CLOSED", "LIQUIDATED")),
    ),
    "Fill": row(
        "id:text model:text symbol:text side:OrderSide price:money size:money fee:money closed_pnl:money"
        " role:OrderRole order_id:int trade_id:int cycle_id:text? time_ms:ms"
    ),
    "Order": row(
        "client_order_id:text order_id:int? model:text intent_id:text? symbol:text role:OrderRole"
        " side:OrderSide? size:money? price:money? trigger_price:money? status:text reason:text? time_ms:ms"
    ),
}

_DECISION = row(
    "id:text model:text cycle_id:text time_ms:ms action:Action? symbol:text? leverage:int?"
    " position_size_percent:money? confidence:money? reasoning:text? executed:bool denial_code:text?"
    " failure_code:text? failure_reason:text? latency_ms:int? provider_model:text stand_in:bool rules_judged:int",
    outcome=one_of(Outcome),
    verdict=one_of(VERDICTS),
    failed_rules=many(ref("RuleResult")),
    leniencies=many(KINDS["text"]),
    refused_answers=many(ref("RefusedAnswer")),
)
_FOLLOWING = row(
    "stop_loss:money? take_profit:money? invalidation_condition:Invalidation? intent:OrderIntent? trade:Trade?",
    rules=many(ref("RuleResult")),
    ignored_stops=many(ref("IgnoredStop")),
    orders=many(ref("Order")),
    fills=many(ref("Fill")),
)
_DETAIL = row(
    "raw_response:text? reasoning_content:text? strategy:text? strategy_hash:text? prompt_hash:text?"
    " usage:TokenUsage? cost_usd:money? attempts:int snapshot:MarketSummary?",
    dropped_keys=many(KINDS["text"]),
    prompt=row("system:text? user:text?"),
    previous_prompt=maybe(row("cycle_id:text user:text?")),
)


DECISIONS: dict[str, Schema] = {
    "TokenUsage": row("prompt_tokens:int completion_tokens:int cached_tokens:int"),
    "Invalidation": row(
        "timeframe:Interval value:float",
        indicator=one_of(("close", "ema20", "ema50", "macd", "rsi7", "rsi14")),
        op=one_of(("<", "<=", ">", ">=")),
    ),
    "RefusedAnswer": row("code:text reason:text"),
    "IgnoredStop": row(
        "asked_price:money used_price:money mark_price:money",
        field=one_of(("stop_loss", "take_profit")),
        reason=one_of(IgnoreReason),
    ),
    "RuleResult": row("code:text passed:bool value:text? limit:text? setting:text? detail:text?"),
    "OrderIntent": row(
        "symbol:text side:OrderSide size_coin:money limit_price:money reduce_only:bool leverage:int? mark_price:money"
        " notional_usd:money initial_margin_usd:money stop_loss_price:money? take_profit_price:money?"
        " valid_until_ms:ms? invalidation_condition:Invalidation? watched_after_ms:ms?"
    ),
    "Decision": _DECISION,
    "DecisionDetail": joined(_DECISION, _FOLLOWING, _DETAIL),
    "CycleDecision": joined(_DECISION, _FOLLOWING, row("", results=many(row("minutes:int result_percent:money?")))),
}

STATISTICS: dict[str, Schema] = {
    "LeaderboardRow": statistics_row(
        "rank:int model:text equity:money account_value:money return_percent:money? total_pnl:money fees:money"
        " funding:money win_rate_percent:money? sharpe:money? max_drawdown_percent:money? trades:int"
        " btc_hours:int btc_excess_percent:money? btc_excess_low_percent:money? btc_excess_high_percent:money?"
    ),
    "ModelStatistics": statistics_row(
        "net_realized:money? time_long_percent:money? time_short_percent:money? time_flat_percent:money?"
        " residual:money? residual_percent:money? explorer_url:text?"
    ),
    "CoinResult": row("model:text symbol:text trades:int trades_won:int pnl:money fees:money funding:money"),
    "Gauge": row("used:money? limit:money?", name=one_of(GAUGES)),
    "Lead": row("model:text since_ms:ms until_ms:ms?"),
    "Benchmark": row("return_percent:money", name=one_of(("btc_hold", "equal_weight"))),
    "EquitySeries": row(
        "model:text start_balance:money has_left:bool",
        points=many(ref("Point")),
        returns=many(ref("Point")),
        drawdown=many(ref("Point")),
    ),
    "BenchmarkSeries": row("", name=one_of(("btc_hold", "equal_weight")), points=many(ref("Point"))),
}

ARENA: dict[str, Schema] = {
    "Contender": row(
        "id:ContenderId name:text model:text? color:text color_dark:text",
        provider=one_of(get_args(Provider)),
        mark=one_of(get_args(Mark)),
    ),
    "CoinInfo": row("symbol:Coin price_decimals:int size_decimals:int max_leverage:int"),
    "Roster": row("", contenders=many(ref("Contender")), coins=many(ref("CoinInfo"))),
    "ModelStatus": row(
        "model:ContenderId name:text provider_model:text? stand_in:bool? account_mode:text? trading_state:TradingState",
        reasons=many(KINDS["text"]),
    ),
    "Halt": row("model:text? reason:text author:text? since_ms:ms until_ms:ms? detail:text"),
    "SymbolInfo": row("symbol:Coin price_decimals_hint:int size_decimals:int max_leverage:int"),
    "Status": row(
        "mode:Mode market:Market trading_state:TradingState time_ms:ms started_ms:ms decision_interval_s:int"
        " start_balance:money has_control:bool clock_ahead_ms:int? version:text market_ms:ms? market_speed:float",
        models=many(ref("ModelStatus")),
        halts=many(ref("Halt")),
        symbols=many(ref("SymbolInfo")),
        record=many(row("chain:text sequence:int link:text")),
    ),
    "Service": row("name:text ready:bool reason:text? started_ms:ms? time_ms:ms?", state=one_of(ServiceState)),
    "Stream": row("stream:text length:int", groups=many(row("name:text lag:int? pending:int"))),
    "Alert": row(
        "id:text code:text service:text model:text? message:text time_ms:ms",
        severity=one_of(AlertSeverity),
    ),
    "Operations": row(
        "time_ms:ms",
        services=many(ref("Service")),
        streams=many(ref("Stream")),
        latencies=many(row("name:text p50_ms:int? p99_ms:int? count:int")),
        errors=many(row("service:text count:int per_hour:money")),
        alerts=many(ref("Alert")),
        dead_letters=many(row("stream:text count:int")),
    ),
    "Error": row("", error=row("code:text message:text")),
}

_SNAPSHOT: Schema = {"type": "boolean", "const": True}
CLOCK_READING: Final = "time_ms:ms market_ms:ms? market_speed:float"
"""The gateway's time, the market's (null before the first price), and how many times as fast the market runs."""
PUSHES: dict[str, Schema] = {
    "ClockReading": row(CLOCK_READING),
    "Hello": row(f"epoch:int {CLOCK_READING}", channel={"type": "string", "const": "hello"}),
    "Clock": row(CLOCK_READING, channel={"type": "string", "const": "clock"}),
    "Channel": one_of(Channel),
    "PriceUpdate": row("", prices=by_name(row("price:money mark_price:money time_ms:ms"))),
    "PriceSnapshot": row("", snapshot=_SNAPSHOT, prices=by_name(ref("Price"))),
    "FillSnapshot": row("", snapshot=_SNAPSHOT, fills=many(ref("Fill"))),
    "PositionUpdate": row("model:text", positions=many(ref("Position"))),
    "PositionSnapshot": row("", snapshot=_SNAPSHOT, positions=many(ref("Position"))),
    "DecisionSnapshot": row("", snapshot=_SNAPSHOT, decisions=many(ref("Decision"))),
    "AccountSnapshot": row("", snapshot=_SNAPSHOT, accounts=many(ref("Account"))),
    "Push": {
        "anyOf": [
            row(
                "seq:int time_ms:ms",
                channel={"type": "string", "const": channel},
                data={"anyOf": [ref(update), ref(snapshot)]},
            )
            for channel, update, snapshot in (
                (Channel.PRICE_UPDATE.value, "PriceUpdate", "PriceSnapshot"),
                (Channel.TRADE_EXECUTED.value, "Fill", "FillSnapshot"),
                (Channel.POSITION_UPDATE.value, "PositionUpdate", "PositionSnapshot"),
                (Channel.AI_DECISION.value, "Decision", "DecisionSnapshot"),
                (Channel.ACCOUNT_UPDATE.value, "Account", "AccountSnapshot"),
            )
        ],
        "description": "What /ws sends on a channel: a snapshot after a subscription, then one message per change",
    },
}

REQUESTS: dict[str, Schema] = {
    "ControlRequest": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "model": maybe(ref("ContenderId")),
            "symbol": {"description": "Of a close: the coin whose position is meant", **maybe(ref("Coin"))},
            "side": {"description": "Of a close: the position's side", **maybe(ref("Side"))},
            "cycle_id": {"description": "Of a close: the position's `cycle_id`", **maybe(KINDS["text"])},
            "halt": {"type": "boolean", "description": "Of a flatten: halt as well, until a resume"},
            "reason": {"type": "string", "maxLength": 200, "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
        },
    },
    "ControlAccepted": row("model:ContenderId? id:text", accepted=one_of(Command)),
    "AlertsAccepted": row("accepted:int"),
}


def _trade_group(key: str) -> Schema:
    return row(f"{key} trades:int trades_won:int pnl:money fees:money funding:money")


RESPONSES: dict[str, Schema] = {
    "/status": ref("Status"),
    "/roster": ref("Roster"),
    "/prices": row("time_ms:ms", prices=by_name(ref("Price"))),
    "/candles": row("symbol:Coin interval:Interval", candles=many(ref("Candle"))),
    "/orderbook/{symbol}": ref("OrderBook"),
    "/tape/{symbol}": row("symbol:Coin time_ms:ms?", trades=many(ref("MarketTrade"))),
    "/accounts": row("", accounts=many(ref("Account"))),
    "/positions": row("", positions=many(ref("Position"))),
    "/trades": row("next_before:text?", trades=many(ref("Trade"))),
    "/trades/groups": row(
        "time_ms:ms",
        coins=many(_trade_group("symbol:text")),
        days=many(_trade_group("day_ms:ms")),
        hours=many(_trade_group("weekday:int hour:int")),
        histogram=many(_trade_group("from_percent:int")),
    ),
    "/decisions": row("next_before:text?", decisions=many(ref("Decision"))),
    "/decisions/{cycle_id}/{model}": ref("DecisionDetail"),
    "/cycles/{cycle_id}": ref("Cycle"),
    "/duels": row(
        "time_ms:ms",
        duels=many(ref("Duel")),
        results=many(ref("ResultSum")),
        calibrations=many(row("model:text", buckets=many(ref("CalibrationBucket")))),
    ),
    "/equity": row("start_balance:money", series=many(ref("EquitySeries")), benchmarks=many(ref("BenchmarkSeries"))),
    "/leaderboard": row(
        "time_ms:ms",
        leaderboard=many(ref("LeaderboardRow")),
        benchmarks=many(ref("Benchmark")),
        coins=many(ref("CoinResult")),
    ),
    "/leads": row("time_ms:ms", leads=many(ref("Lead")), hours=many(row("model:text? hours:int"))),
    "/limits": row("time_ms:ms", models=many(row("model:ContenderId", gauges=many(ref("Gauge"))))),
    "/models/{model}": row(
        "model:ContenderId account:Account? totals:LeaderboardRow? statistics:ModelStatistics",
        positions=many(ref("Position")),
        trades=many(ref("Trade")),
    ),
    "/operations": ref("Operations"),
    "/logs": row("time_ms:ms", services=many(row("name:text", lines=many(KINDS["text"])))),
    "/readme": row("lang:text text:text"),
    "/openapi.json": {"type": "object"},
} | REPLAY_RESPONSES
