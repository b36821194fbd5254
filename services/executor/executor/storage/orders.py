"""The table of every order that an intent became, or may become, on the exchange, with what was filled of it."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from common.events import Event, OrderRole
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from executor.domain.cash_ledger import Entry
from executor.domain.intent import Intent
from executor.domain.order import Booking, OrderRow, OrderSpec
from executor.storage.cash_ledger import enter
from executor.storage.close_journal import SentClose
from executor.storage.outbox import write_events

DAY_MS = 86_400_000
KINDS = {OrderRole.STOP: "sl", OrderRole.TARGET: "tp"}


class OrderStore:
    """The SQL of orders, fills and wishes to flatten."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, intent: Intent, legs: Sequence[tuple[OrderRole, OrderSpec]], void_after_ms: int) -> None:
        """Records orders that are about to follow an intent: triggers placed anew, a close."""
        async with self._pool.connection() as connection:
            for role, spec in legs:
                query, row = insertion(intent, role, spec, void_after_ms)
                await connection.execute(query.encode(), row)

    async def known(self, model: str, now_ms: int) -> dict[str, OrderRow]:
        """By client order id: those that may still live, and those of intents that changed within the last day."""
        query = """
            SELECT o.*, i.cycle_id FROM intent_orders o JOIN intents i USING (intent_id)
            WHERE o.model = %s AND (o.final_status IS NULL OR i.updated_ms > %s)"""
        rows = await self._rows(query, (model, now_ms - DAY_MS))
        return {row.client_order_id: row for row in rows}

    async def get(self, client_order_id: str) -> OrderRow | None:
        query = """SELECT o.*, i.cycle_id FROM intent_orders o JOIN intents i USING (intent_id)
            WHERE client_order_id = %s"""
        rows = await self._rows(query, (client_order_id,))
        return rows[0] if rows else None

    async def settle(
        self,
        client_order_id: str,
        *,
        order_id: int | None = None,
        final: str | None = None,
        events: Sequence[Event[Any]] = (),
    ) -> None:
        """Notes an order's id on the exchange or its end, with what to tell about it."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """UPDATE intent_orders SET order_id = coalesce(%s, order_id),
                    final_status = coalesce(%s, final_status) WHERE client_order_id = %s""",
                (order_id, final, client_order_id),
            )
            await write_events(connection, events)

    async def revive(self, client_order_id: str, order_id: int) -> None:
        """An order that was taken for ended is open on the exchange."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE intent_orders SET order_id = %s, final_status = NULL WHERE client_order_id = %s",
                (order_id, client_order_id),
            )

    async def take_over(
        self, intent: Intent, close: SentClose, order_id: int | None, final: str | None, events: Sequence[Event[Any]]
    ) -> None:
        """Records a close that was sent without the tables, all of it at once; one that is there already stays."""
        query, row = insertion(intent, OrderRole.FLATTEN, close.spec, close.void_after_ms)
        async with self._pool.connection() as connection:
            added = await connection.execute(query.encode(), row)
            if added.rowcount != 1:
                return
            await connection.execute(
                "UPDATE intent_orders SET order_id = %s, final_status = %s WHERE client_order_id = %s",
                (order_id, final, close.spec.client_order_id),
            )
            await connection.execute(
                """INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms, answered_ms, outcome)
                    VALUES (%s, 'flatten', %s, %s, %s, %s)""",
                (
                    *(close.intent_id, close.nonce, close.sent_ms, close.answered_ms),
                    "unknown: sent while the database was away" if close.answer is None else str(close.answer)[:500],
                ),
            )
            await write_events(connection, events)

    async def tell(self, *events: Event[Any]) -> None:
        """Writes events that change nothing of ours."""
        async with self._pool.connection() as connection:
            await write_events(connection, events)

    async def fills_until(self, model: str) -> int | None:
        """The exchange's time of the last fill taken over; None before the first look."""
        async with self._pool.connection() as connection:
            query = "SELECT fills_until_ms FROM executor_cursors WHERE model = %s"
            row = await (await connection.execute(query, (model,))).fetchone()
            return None if row is None else int(row[0])

    async def add_fills(
        self,
        model: str,
        events: Sequence[Event[Any]],
        bookings: Sequence[Booking],
        until_ms: int,
        entries: Sequence[Entry] = (),
    ) -> None:
        """Takes over fills with the cursor and their sums, and books late ones to intents that had ended otherwise."""
        async with self._pool.connection() as connection:
            await write_events(connection, events)
            await enter(connection, model, entries)
            for booking in bookings:
                await connection.execute(
                    """UPDATE intents SET filled_size_coin = %s, average_price = %s,
                        status = CASE WHEN status IN ('REJECTED', 'CANCELLED') THEN 'PARTIAL' ELSE status END
                    WHERE intent_id = %s AND filled_size_coin < %s AND NOT status = ANY(%s)""",
                    (
                        *(booking.size_coin, booking.average_price, booking.intent_id, booking.size_coin),
                        ["STORED", "SENT", "IN_FLIGHT"],
                    ),
                )
            await connection.execute(
                """INSERT INTO executor_cursors VALUES (%s, %s) ON CONFLICT (model) DO UPDATE
                SET fills_until_ms = greatest(executor_cursors.fills_until_ms, excluded.fills_until_ms)""",
                (model, until_ms),
            )

    async def ask_flatten(self, command_id: str, model: str, now_ms: int) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO executor_flattens (command_id, model, requested_ms) VALUES (%s, %s, %s)
                ON CONFLICT DO NOTHING""",
                (command_id, model, now_ms),
            )

    async def flatten_since(self, model: str) -> int | None:
        """Since when a person wants the account out of the market; None when nobody does."""
        async with self._pool.connection() as connection, connection.pipeline():
            query = "SELECT min(requested_ms) FROM executor_flattens WHERE model = %s AND done_ms IS NULL"
            row = await (await connection.execute(query, (model,))).fetchone()
            return None if row is None or row[0] is None else int(row[0])

    async def end_flatten(self, model: str, now_ms: int, events: Sequence[Event[Any]]) -> None:
        async with self._pool.connection() as connection:
            await write_events(connection, events)
            await connection.execute(
                "UPDATE executor_flattens SET done_ms = %s WHERE model = %s AND done_ms IS NULL", (now_ms, model)
            )

    async def _rows(self, query: str, parameters: Sequence[Any]) -> list[OrderRow]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            return [_order_row(row) for row in await cursor.fetchall()]


def insertion(intent: Intent, role: OrderRole, spec: OrderSpec, void_after_ms: int) -> tuple[str, tuple[Any, ...]]:
    """The statement and row that record one order."""
    query = """
        INSERT INTO intent_orders (client_order_id, intent_id, model, role, symbol, side, size_coin, price,
            trigger_price, reduce_only, void_after_ms)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
    side = "BUY" if spec.is_buy else "SELL"
    row = (
        *(spec.client_order_id, intent.intent_id, intent.model, role.value, spec.symbol.value, side),
        *(spec.size_coin, spec.price, spec.trigger_price, spec.reduce_only, void_after_ms),
    )
    return query, row


def _order_row(row: dict[str, Any]) -> OrderRow:
    role = OrderRole(row["role"])
    spec = OrderSpec(
        symbol=Symbol(row["symbol"]),
        is_buy=row["side"] == "BUY",
        size_coin=row["size_coin"],
        price=row["price"],
        client_order_id=row["client_order_id"],
        reduce_only=row["reduce_only"],
        trigger_price=row["trigger_price"],
        kind=KINDS.get(role, ""),
    )
    return OrderRow(
        intent_id=row["intent_id"],
        cycle_id=row["cycle_id"],
        role=role,
        spec=spec,
        order_id=row["order_id"],
        void_after_ms=row["void_after_ms"],
        final_status=row["final_status"],
    )
