"""Keeps the table `trades` in step with `fills`: the latest trades of a market are built again after each change."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from common.trading.orders import IntentKind, OrderRole, OrderSide
from recorder.domain.trades import FillRow, IntentRow, Trade, build_trades
from recorder.storage.statements import Connection, Row, insert, select

Market = tuple[str, str]
"""Model and symbol."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER_MS: Final = 2**62


async def rebuild(connection: Connection, changes: Iterable[tuple[str, str, int]]) -> None:
    """Builds each market's trades again, from the one that holds its earliest change on.

    A change is (model, symbol, time in ms).

    Fills, verdicts and funding arrive on streams of their own, in any order, and each of them changes trades that are
    stored already. Nothing is therefore updated in place: the rows from that trade on are deleted and written again
    from the recorded fills, so that the table only depends on what is recorded, not on the order in which it came.
    The caller's transaction hides the gap; a failure rolls both back.
    """
    earliest: dict[Market, int] = {}
    for model, symbol, time_ms in changes:
        earliest[model, symbol] = min(time_ms, earliest.get((model, symbol), time_ms))
    for market, time_ms in earliest.items():
        await _rebuild_market(connection, market, time_ms)


async def rebuild_intents(connection: Connection, intent_ids: Iterable[str]) -> None:
    """Completes the trades whose fills were stored before the verdict that approved them."""
    cursor = await connection.execute(
        "SELECT DISTINCT model, symbol, min(time_ms) FROM fills WHERE intent_id = ANY(%s) GROUP BY model, symbol",
        (list(intent_ids),),
    )
    await rebuild(connection, await cursor.fetchall())


async def _rebuild_market(connection: Connection, market: Market, time_ms: int) -> None:
    [row] = await select(
        connection,
        "SELECT coalesce(max(entry_ms), 0) AS start_ms FROM trades WHERE model = %s AND symbol = %s AND entry_ms <= %s",
        *market,
        time_ms,
    )
    fills = await select(
        connection,
        "SELECT * FROM fills WHERE model = %s AND symbol = %s AND time_ms >= %s ORDER BY time_ms, trade_id",
        *market,
        row["start_ms"],
    )
    intents = await _select_intents(connection, {fill["intent_id"] for fill in fills if fill["intent_id"]})
    await connection.execute(
        "DELETE FROM trades WHERE model = %s AND symbol = %s AND entry_ms >= %s", (*market, row["start_ms"])
    )
    recorded_ms = {fill["id"]: fill["recorded_ms"] for fill in fills}
    rows = []
    for trade in build_trades((_fill_row(fill) for fill in fills), intents):
        funding = await _funding_paid(connection, market, trade.opened_ms, trade.closed_ms)
        created_ms = recorded_ms[trade.id] or trade.opened_ms
        rows.append(_trade_row(market, trade, intents.get(trade.intent_id or ""), funding, created_ms))
    await insert(connection, "trades", rows)


def _fill_row(row: Row) -> FillRow:
    return FillRow(
        id=row["id"],
        time_ms=row["time_ms"],
        trade_id=row["trade_id"],
        signed_size=row["size"] if row["side"] == OrderSide.BUY else -row["size"],
        price=row["price"],
        fee=row["fee"],
        closed_pnl=row["closed_pnl"],
        start_position=row["start_position"],
        role=OrderRole(row["role"]),
        is_liquidation=row["is_liquidation"],
        intent_id=row["intent_id"],
        cycle_id=row["cycle_id"],
    )


async def _select_intents(connection: Connection, intent_ids: set[str]) -> dict[str, IntentRow]:
    rows = await select(
        connection,
        """SELECT v.id, v.decision_id, v.intent_kind, v.intent, d.confidence, d.reasoning
        FROM verdicts v LEFT JOIN ai_decisions d ON d.id = v.decision_id
        WHERE v.id = ANY(%s) AND v.intent IS NOT NULL""",
        list(intent_ids),
    )
    return {
        row["id"]: IntentRow(
            decision_id=row["decision_id"],
            intent_kind=IntentKind(row["intent_kind"]),
            leverage=row["intent"]["leverage"],
            stop_loss=_decimal(row["intent"]["stop_loss_price"]),
            take_profit=_decimal(row["intent"]["take_profit_price"]),
            confidence=row["confidence"],
            reasoning=row["reasoning"],
        )
        for row in rows
    }


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


async def _funding_paid(connection: Connection, market: Market, opened_ms: int, closed_ms: int | None) -> Decimal:
    """What the position paid for funding while the trade was open, USD; negative when it received more."""
    [row] = await select(
        connection,
        """SELECT coalesce(-sum(amount), 0) AS paid FROM account_movements WHERE kind = 'funding' AND model = %s
        AND coin = %s AND time_ms > %s AND time_ms <= %s""",
        *market,
        opened_ms,
        _FOREVER_MS if closed_ms is None else closed_ms,
    )
    return Decimal(row["paid"])


def _trade_row(market: Market, trade: Trade, intent: IntentRow | None, funding: Decimal, created_ms: int) -> Row:
    leverage = intent.leverage if intent else None
    row: dict[str, Any] = {
        "id": trade.id,
        "model": market[0],
        "symbol": market[1],
        "side": trade.side.value,
        "entry_price": trade.entry_price,
        "exit_price": trade.exit_price,
        "position_size": trade.entry_size,
        "leverage": leverage,
        "entry_ms": trade.opened_ms,
        "exit_ms": trade.closed_ms,
        "pnl": trade.pnl(funding),
        "pnl_percent": trade.pnl_percent(funding, leverage),
        "fees": trade.fees,
        "funding": funding,
        "status": trade.status.value,
        "close_reason": trade.close_reason.value if trade.close_reason else None,
        "entry_notional": trade.entry_notional,
        "exit_notional": trade.exit_notional if trade.exit_size else None,
        "closed_pnl": trade.closed_pnl,
        "intent_id": trade.intent_id,
        "cycle_id": trade.cycle_id,
        "exit_cycle_id": trade.exit_cycle_id,
        "created_at": _EPOCH + timedelta(milliseconds=created_ms),
    }
    return row | {
        "stop_loss": intent.stop_loss if intent else None,
        "take_profit": intent.take_profit if intent else None,
        "decision_id": intent.decision_id if intent else None,
        "confidence": intent.confidence if intent else None,
        "reasoning": intent.reasoning if intent else None,
    }
