"""Rows in: one function per kind of event, all idempotent. SQL that runs on PostgreSQL 15 to 18."""

import json
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from common.events import (
    AgentDecision,
    ControlCommand,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RiskApproved,
    RiskDenied,
    SystemAlert,
)

Connection = AsyncConnection[Any]
RANKS = {"accepted": 1, "filled": 2, "canceled": 3, "rejected": 3}


async def insert(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows of one table, leaving those that are there already."""
    if not rows:
        return
    columns = list(rows[0])
    places = ", ".join(["%s"] * len(columns))
    query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608
    async with connection.cursor() as cursor:
        await cursor.executemany(query.encode(), [tuple(row.values()) for row in rows])


def decision_row(event: Event[AgentDecision]) -> dict[str, Any]:
    data, decision, prompt = event.data, event.data.decision, event.data.prompt
    return {
        "id": event.id,
        "model": data.model,
        "cycle_id": event.cycle_id or event.id,
        "time_ms": event.time_ms,
        "outcome": data.outcome.value,
        "action": decision.action.value if decision else None,
        "symbol": decision.symbol.value if decision and decision.symbol else None,
        "leverage": decision.leverage if decision else None,
        "position_size_percent": decision.position_size_percent if decision else None,
        "confidence": decision.confidence if decision else None,
        "reasoning": clean(decision.reasoning) if decision else None,
        "stop_loss": decision.stop_loss if decision else None,
        "take_profit": decision.take_profit if decision else None,
        "invalidation_condition": _json(decision.invalidation_condition if decision else None),
        "failure_code": data.failure_code,
        "failure_reason": clean(data.failure_reason),
        "latency_ms": data.latency_ms,
        "provider_model": data.provider_model,
        "stand_in": data.stand_in,
        "strategy": prompt.strategy if prompt else None,
        "strategy_hash": prompt.strategy_hash if prompt else None,
        "prompt_hash": prompt.prompt_hash if prompt else None,
        "prompt_system": clean(prompt.system) if prompt else None,
        "prompt_user": clean(prompt.user) if prompt else None,
        "raw_response": clean(data.raw_response),
        "reasoning_content": clean(data.reasoning_content),
        "dropped_keys": [clean(key) for key in data.dropped_keys],
        "attempts": data.attempts,
        "usage": _json(data.usage),
        "cost_usd": data.cost_usd,
        "recorded_ms": event.recorded_ms,
    }


def clean(text: str | None) -> str | None:
    """Text that PostgreSQL can hold: a model may answer with NUL characters."""
    return None if text is None else text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _json(model: Any) -> Jsonb | None:
    return None if model is None else Jsonb(json.loads(model.model_dump_json()))


def verdict_row(event: Event[RiskApproved] | Event[RiskDenied]) -> dict[str, Any]:
    data = event.data
    is_approved = isinstance(data, RiskApproved)
    symbol = data.intent.symbol if isinstance(data, RiskApproved) else data.symbol
    return {
        "id": event.id,
        "model": data.model,
        "decision_id": data.decision_id,
        "cycle_id": event.cycle_id,
        "intent_kind": data.intent_kind.value,
        "verdict": "APPROVED" if is_approved else "DENIED",
        "code": data.code if isinstance(data, RiskDenied) else None,
        "symbol": symbol.value if symbol else None,
        "rules": Jsonb([json.loads(rule.model_dump_json()) for rule in data.rules]),
        "intent": _json(data.intent) if isinstance(data, RiskApproved) else None,
        "time_ms": event.recorded_ms,
    }


def order_row(event: Event[OrderAccepted] | Event[OrderRejected] | Event[OrderCancelled]) -> dict[str, Any]:
    """What the event says of the order; what it doesn't say is None and leaves the stored value."""
    data = event.data
    accepted = data if isinstance(data, OrderAccepted) else None
    status = "accepted" if accepted else "rejected" if isinstance(data, OrderRejected) else "canceled"
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
        "status": status,
        "status_rank": RANKS[status],
        "reason": None if accepted else data.reason,  # type: ignore[union-attr]
        "time_ms": event.time_ms,
    }


async def upsert_orders(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Orders whatever the order of their events: what is known stays, a later status replaces an earlier one."""
    if not rows:
        return
    columns = list(rows[0])
    kept = ", ".join(f"{name} = coalesce(orders.{name}, excluded.{name})" for name in columns if name not in _STATUS)
    later = ", ".join(
        f"{name} = CASE WHEN excluded.status_rank >= orders.status_rank THEN excluded.{name} ELSE orders.{name} END"
        for name in _STATUS
    )
    query = (
        f"INSERT INTO orders ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
        f" ON CONFLICT (client_order_id) DO UPDATE SET {kept}, {later}"
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(query.encode(), [tuple(row.values()) for row in rows])


_STATUS = ("status", "status_rank", "reason")


def fill_row(event: Event[OrderFilled]) -> dict[str, Any]:
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


def filled_order_row(event: Event[OrderFilled]) -> dict[str, Any] | None:
    """The order that a fill belongs to, as filled; None for an order that isn't ours."""
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
        "status": "filled",
        "status_rank": RANKS["filled"],
        "reason": None,
        "time_ms": event.time_ms,
    }


def alert_row(event: Event[SystemAlert]) -> dict[str, Any]:
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


def command_row(event: Event[ControlCommand]) -> dict[str, Any]:
    data = event.data
    return {
        "id": event.id,
        "command": data.command.value,
        "model": data.model,
        "reason": data.reason,
        "requested_by": data.requested_by,
        "time_ms": event.time_ms,
    }


async def settle_decisions(connection: Connection, decision_ids: Sequence[str]) -> None:
    """Writes verdict and execution into the decisions concerned, whichever event came first.

    An approval that was taken back as void doesn't count as one.
    """
    if not decision_ids:
        return
    await connection.execute(
        """UPDATE ai_decisions d SET verdict = v.verdict, denial_code = v.code,
            executed = d.executed OR EXISTS (SELECT 1 FROM fills f WHERE f.intent_id = v.id)
        FROM (
            SELECT DISTINCT ON (decision_id) id, decision_id, verdict, code FROM verdicts
            WHERE decision_id = ANY(%s) AND intent_kind <> 'invalidation'
            ORDER BY decision_id, code = 'VOID' DESC NULLS LAST
        ) v WHERE v.decision_id = d.id""",
        (list(decision_ids),),
    )


async def decisions_of_intents(connection: Connection, intent_ids: Sequence[str]) -> dict[str, str]:
    """Decision id by intent id, of those whose verdict is stored."""
    if not intent_ids:
        return {}
    cursor = await connection.execute("SELECT id, decision_id FROM verdicts WHERE id = ANY(%s)", (list(intent_ids),))
    return dict(await cursor.fetchall())


async def models_traded_by(connection: Connection, decision_ids: Sequence[str]) -> set[str]:
    """The models of those decisions that already have a trade."""
    if not decision_ids:
        return set()
    cursor = await connection.execute("SELECT model FROM trades WHERE decision_id = ANY(%s)", (list(decision_ids),))
    return {model for (model,) in await cursor.fetchall()}
