"""The row that each event becomes: one function per table. Columns are named as in the tables, values as stored."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from common.events import (
    AccountLedger,
    AgentDecision,
    CandleSeries,
    CoinSnapshot,
    ControlCommand,
    Decision,
    Event,
    MarketSnapshot,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    Prompt,
    RiskApproved,
    RiskDenied,
    SystemAlert,
)
from recorder.domain.statuses import OrderStatus, Verdict
from recorder.storage.statements import Row

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STATUSES: Final[dict[type, OrderStatus]] = {
    OrderAccepted: OrderStatus.ACCEPTED,
    OrderRejected: OrderStatus.REJECTED,
    OrderCancelled: OrderStatus.CANCELED,
}

_TEXTS_BEFORE_THE_RECORD: Final = ("prompt_system", "prompt_user", "raw_response", "reasoning_content")
_OPEN_INTEREST_CHANGES: Final = {"open_interest_change_1h_percent", "open_interest_change_24h_percent"}
_NOT_SUMMARIZED: Final = {"series", "book", "flow", "max_leverage"} | _OPEN_INTEREST_CHANGES
_SERIES: Final = ("5m", "1h", "4h", "1d")
"""Intervals whose latest figures a snapshot's summary has."""


def decision_row(event: Event[AgentDecision]) -> Row:
    """Without the prompt's and the answer's texts, which are on the record by the event's id."""
    data = event.data
    return {
        "id": event.id,
        "model": data.model,
        "cycle_id": event.cycle_id or event.id,
        "time_ms": event.time_ms,
        "outcome": data.outcome.value,
        **_decision_columns(data.decision),
        "failure_code": data.failure_code,
        "failure_reason": _clean(data.failure_reason),
        "latency_ms": data.latency_ms,
        "provider_model": data.provider_model,
        "stand_in": data.stand_in,
        **_prompt_columns(data.prompt),
        "dropped_keys": [_clean(key) for key in data.dropped_keys],
        "refused_answers": _json_list(data.refused_answers),
        "leniencies": list(data.leniencies),
        "attempts": data.attempts,
        "usage": _json(data.usage),
        "market_data": _market_data(data),
        "cost_usd": data.cost_usd,
        **dict.fromkeys(_TEXTS_BEFORE_THE_RECORD),
        "recorded_ms": event.recorded_ms,
        "created_at": _EPOCH + timedelta(milliseconds=event.recorded_ms),
    }


def _decision_columns(decision: Decision | None) -> Row:
    """All None when the model's answer held no decision."""
    return {
        "action": decision.action.value if decision else None,
        "symbol": decision.symbol.value if decision and decision.symbol else None,
        "leverage": decision.leverage if decision else None,
        "position_size_percent": decision.position_size_percent if decision else None,
        "confidence": decision.confidence if decision else None,
        "reasoning": _clean(decision.reasoning) if decision else None,
        "stop_loss": decision.stop_loss if decision else None,
        "take_profit": decision.take_profit if decision else None,
        "invalidation_condition": _json(decision.invalidation_condition if decision else None),
    }


def _prompt_columns(prompt: Prompt | None) -> Row:
    """All None when the model was not asked."""
    return {
        "strategy": prompt.strategy if prompt else None,
        "strategy_hash": prompt.strategy_hash if prompt else None,
        "prompt_hash": prompt.prompt_hash if prompt else None,
    }


def _market_data(data: AgentDecision) -> Jsonb | None:
    """What the model was shown: the snapshot's figures, and the prompt by its hash; None when it was shown nothing."""
    if data.prompt is None:
        return None
    shown = json.loads(data.model_dump_json(include={"boundary_ms", "snapshot_mid_prices"}))
    return Jsonb(
        {
            "boundary_ms": shown["boundary_ms"],
            "mid_prices": shown["snapshot_mid_prices"],
            "prompt_hash": data.prompt.prompt_hash,
        }
    )


def _clean(text: str | None) -> str | None:
    """The text without NUL characters, which a model may answer with and PostgreSQL cannot store."""
    return None if text is None else text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _json(model: Any) -> Jsonb | None:
    return None if model is None else Jsonb(json.loads(model.model_dump_json()))


def _json_list(models: Sequence[Any]) -> Jsonb | None:
    """None for an empty one."""
    return Jsonb([json.loads(model.model_dump_json()) for model in models]) if models else None


def verdict_row(event: Event[RiskApproved] | Event[RiskDenied]) -> Row:
    data = event.data
    is_approved = isinstance(data, RiskApproved)
    symbol = data.intent.symbol if isinstance(data, RiskApproved) else data.symbol
    return {
        "id": event.id,
        "model": data.model,
        "decision_id": data.decision_id,
        "cycle_id": event.cycle_id,
        "intent_kind": data.intent_kind.value,
        "verdict": (Verdict.APPROVED if is_approved else Verdict.DENIED).value,
        "denial_code": data.denial_code if isinstance(data, RiskDenied) else None,
        "symbol": symbol.value if symbol else None,
        "rules": Jsonb([json.loads(rule.model_dump_json()) for rule in data.rules]),
        "ignored_stops": _json_list(data.ignored_stops),
        "intent": _json(data.intent) if isinstance(data, RiskApproved) else None,
        "time_ms": event.recorded_ms,
    }


def order_row(event: Event[OrderAccepted] | Event[OrderRejected] | Event[OrderCancelled]) -> Row:
    """The order as far as the event describes it; None elsewhere, which leaves the stored value."""
    data = event.data
    accepted = data if isinstance(data, OrderAccepted) else None
    status = _STATUSES[type(data)]
    return {
        "client_order_id": data.client_order_id,
        "model": data.model,
        "intent_id": data.intent_id,
        "cycle_id": event.cycle_id,
        "order_id": None if isinstance(data, OrderRejected) else data.order_id,
        "symbol": data.symbol.value,
        "role": data.role.value,
        "side": accepted.side.value if accepted else None,
        "size": accepted.size_coin if accepted else None,
        "price": accepted.price if accepted else None,
        "trigger_price": accepted.trigger_price if accepted else None,
        "reduce_only": accepted.reduce_only if accepted else None,
        "status": status.value,
        "status_rank": status.rank,
        "reason": None if accepted else data.reason,  # type: ignore[union-attr]
        "time_ms": event.time_ms,
    }


def fill_row(event: Event[OrderFilled]) -> Row:
    data = event.data
    return {
        "id": event.id,
        "model": data.model,
        "symbol": data.symbol.value,
        "trade_id": data.trade_id,
        "order_id": data.order_id,
        "client_order_id": data.client_order_id,
        "intent_id": data.intent_id,
        "cycle_id": event.cycle_id,
        "role": data.role.value,
        "side": data.side.value,
        "price": data.price,
        "size": data.size_coin,
        "fee": data.fee_usd,
        "closed_pnl": data.closed_pnl_usd,
        "start_position": data.start_position_coin,
        "direction": data.direction,
        "crossed": data.crossed,
        "is_liquidation": data.is_liquidation,
        "time_ms": event.time_ms,
        "recorded_ms": event.recorded_ms,
    }


def filled_order_row(event: Event[OrderFilled]) -> Row | None:
    """The order that a fill belongs to, as filled; None for an external order."""
    data = event.data
    if data.client_order_id is None:
        return None
    return {
        "client_order_id": data.client_order_id,
        "model": data.model,
        "intent_id": data.intent_id,
        "cycle_id": event.cycle_id,
        "order_id": data.order_id,
        "symbol": data.symbol.value,
        "role": data.role.value,
        "side": data.side.value,
        "size": None,
        "price": None,
        "trigger_price": None,
        "reduce_only": None,
        "status": OrderStatus.FILLED.value,
        "status_rank": OrderStatus.FILLED.rank,
        "reason": None,
        "time_ms": event.time_ms,
    }


def movement_row(event: Event[AccountLedger]) -> Row:
    data = event.data
    return {
        "id": event.id,
        "model": data.model,
        "kind": data.kind.value,
        "amount": data.amount_usd,
        "reason": data.reason,
        "coin": data.coin,
        "size": data.size_coin,
        "rate_hourly": data.rate_hourly,
        "time_ms": event.time_ms,
    }


def alert_row(event: Event[SystemAlert]) -> Row:
    data = event.data
    return {
        "id": event.id,
        "code": data.code,
        "severity": data.severity.value,
        "service": data.service,
        "model": data.model,
        "message": data.message,
        "figures": Jsonb(data.figures),
        "time_ms": event.time_ms,
    }


def command_row(event: Event[ControlCommand]) -> Row:
    data = event.data
    return {
        "id": event.id,
        "command": data.command.value,
        "model": data.model,
        "reason": data.reason,
        "requested_by": data.requested_by,
        "symbol": data.symbol,
        "time_ms": event.time_ms,
    }


def snapshot_row(event: Event[MarketSnapshot]) -> Row:
    data = event.data
    summary = {
        "cycle_number": data.cycle_number,
        "boundary_ms": data.boundary_ms,
        "partial": data.partial,
        "missed_cycles": data.missed_cycles,
        "coins": [_coin_summary(coin) for coin in data.coins.values()],
        "sentiment": json.loads(data.sentiment.model_dump_json()) if data.sentiment else None,
    }
    return {"cycle_id": event.cycle_id or event.id, "time_ms": event.time_ms, "summary": Jsonb(summary)}


def _coin_summary(coin: CoinSnapshot) -> dict[str, Any]:
    """A coin's figures as REST serves them; money as decimal strings, the rest as numbers."""
    body: dict[str, Any] = json.loads(coin.model_dump_json(exclude=_NOT_SUMMARIZED))
    book, flow = coin.book, coin.flow
    return body | {
        "spread_bps": book.spread_bps if book else None,
        "imbalance": book.imbalance if book else None,
        "flow": {"window_s": flow.window_s, "buy_usd": flow.buy_usd, "sell_usd": flow.sell_usd},
        "series": {name: _series_summary(series) for name, series in coin.series.items() if name in _SERIES},
    }


def _series_summary(series: CandleSeries) -> dict[str, float | None]:
    arrays = ("closes", "ema20", "ema50", "macd", "rsi7", "rsi14")
    lasts = {name: (getattr(series, name) or (None,))[-1] for name in arrays}
    return {name.removesuffix("s"): value for name, value in lasts.items()} | {"atr14": series.atr14}
