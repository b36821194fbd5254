"""The table `trades`, kept in step with `fills`: the last episodes of a coin are folded again after each change."""

from collections.abc import Iterable
from decimal import Decimal

from psycopg.rows import dict_row

from recorder.books import funding_paid
from recorder.tables import Connection, insert
from recorder.trades import FillRow, IntentRow, Trade, fold

Market = tuple[str, str]


async def refold(connection: Connection, changed: Iterable[tuple[str, str, int]]) -> None:
    """Folds each (model, symbol) anew from the trade that holds its earliest changed fill (time in ms)."""
    earliest: dict[Market, int] = {}
    for model, symbol, time_ms in changed:
        earliest[model, symbol] = min(time_ms, earliest.get((model, symbol), time_ms))
    for market, time_ms in earliest.items():
        await _refold_market(connection, market, time_ms)


async def _refold_market(connection: Connection, market: Market, time_ms: int) -> None:
    model, symbol = market
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT max(entry_time) AS start FROM trades WHERE model = %s AND symbol = %s AND entry_time <= %s",
        (model, symbol, time_ms),
    )
    row = await cursor.fetchone()
    start = row["start"] if row and row["start"] is not None else 0
    await cursor.execute(
        "SELECT * FROM fills WHERE model = %s AND symbol = %s AND time_ms >= %s ORDER BY time_ms, trade_id",
        (model, symbol, start),
    )
    fills = [
        FillRow(
            id=f["id"],
            time_ms=f["time_ms"],
            trade_id=f["trade_id"],
            signed_size=f["size"] if f["side"] == "BUY" else -f["size"],
            price=f["price"],
            fee=f["fee"],
            closed_pnl=f["closed_pnl"],
            start_position=f["start_position"],
            role=f["role"],
            is_liquidation=f["is_liquidation"],
            intent_id=f["intent_id"],
            cycle_id=f["cycle_id"],
        )
        for f in await cursor.fetchall()
    ]
    intents = await _intents(connection, {fill.intent_id for fill in fills if fill.intent_id})
    await cursor.execute(
        "DELETE FROM trades WHERE model = %s AND symbol = %s AND entry_time >= %s",
        (model, symbol, start),
    )
    for trade in fold(fills, intents):
        funding = await funding_paid(connection, market, trade.opened_ms, trade.closed_ms)
        await _insert(connection, market, trade, intents.get(trade.intent_id or ""), funding)


async def _intents(connection: Connection, intent_ids: set[str]) -> dict[str, IntentRow]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT id, decision_id, intent_kind, intent FROM verdicts WHERE id = ANY(%s)", (list(intent_ids),)
    )
    return {
        row["id"]: IntentRow(
            decision_id=row["decision_id"],
            intent_kind=row["intent_kind"],
            leverage=row["intent"]["leverage"],
            stop_loss=_decimal(row["intent"]["stop_loss_price"]),
            take_profit=_decimal(row["intent"]["take_profit_price"]),
        )
        for row in await cursor.fetchall()
        if row["intent"] is not None
    }


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


async def _insert(
    connection: Connection, market: Market, trade: Trade, intent: IntentRow | None, funding: Decimal
) -> None:
    leverage = intent.leverage if intent else None
    row = {
        "id": trade.id,
        "model": market[0],
        "symbol": market[1],
        "side": trade.side,
        "entry_price": trade.entry_price,
        "exit_price": trade.exit_price,
        "position_size": trade.entry_size,
        "leverage": leverage,
        "entry_time": trade.opened_ms,
        "exit_time": trade.closed_ms,
        "pnl": trade.pnl(funding),
        "pnl_percent": trade.pnl_percent(funding, leverage),
        "fees": trade.fees,
        "funding": funding,
        "status": trade.status,
        "close_reason": trade.close_reason,
        "entry_notional": trade.entry_notional,
        "exit_notional": trade.exit_notional if trade.exit_size else None,
        "gross_pnl": trade.gross_pnl,
        "stop_loss": intent.stop_loss if intent else None,
        "take_profit": intent.take_profit if intent else None,
        "intent_id": trade.intent_id,
        "decision_id": intent.decision_id if intent else None,
        "cycle_id": trade.cycle_id,
    }
    await insert(connection, "trades", [row])


async def refold_intents(connection: Connection, intent_ids: Iterable[str]) -> None:
    """Completes trades whose fills came before their verdict."""
    cursor = await connection.execute(
        "SELECT DISTINCT model, symbol, min(time_ms) FROM fills WHERE intent_id = ANY(%s) GROUP BY model, symbol",
        (list(intent_ids),),
    )
    await refold(connection, await cursor.fetchall())
