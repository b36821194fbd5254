"""The table of every order that an intent became, or may become, on the exchange."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from common.events import Event
from common.runtime.database import Pool
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide
from executor.domain.account import Fill
from executor.domain.bracket import TRIGGER_KINDS
from executor.domain.intent import Intent, OrderResult
from executor.domain.order import OrderRow, OrderSpec, client_order_id
from executor.domain.protection import ProtectiveAction
from executor.storage.outbox import append_events

MAX_OUTCOME: Final = 500
_UPDATE: Final = b"""
    UPDATE intent_orders SET order_id = coalesce(%s, order_id), final_status = coalesce(%s, final_status)
    WHERE client_order_id = %s"""


class OrderStore:
    """The SQL of orders. A row that can't be read is left out and given to `report_unreadable(table, key, reason)`."""

    def __init__(
        self,
        pool: Pool,
        report_unreadable: Callable[[str, object, object], None] = lambda table, key, reason: None,
    ) -> None:
        self._pool, self._report_unreadable = pool, report_unreadable

    async def known(self, model: str, now_ms: int) -> dict[str, OrderRow]:
        """By client order id: those that may still be open, and those of intents that changed within the last day."""
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

    async def behind(self, fill: Fill) -> OrderRow | None:
        """The order of a fill, also by a row of which nothing but the intent can be read; None without a row."""
        if fill.client_order_id is None:
            return None
        row = await self.get(fill.client_order_id)
        if row is not None:
            return row
        query = """SELECT o.intent_id, o.role, i.cycle_id FROM intent_orders o JOIN intents i USING (intent_id)
            WHERE client_order_id = %s"""
        async with self._pool.connection() as connection:
            found = await (await connection.execute(query.encode(), (fill.client_order_id,))).fetchone()
        if found is None:
            return None
        intent_id, role, cycle_id = found
        return OrderRow(
            intent_id=intent_id,
            cycle_id=cycle_id,
            role=_role_of(intent_id, fill.client_order_id, role),
            spec=OrderSpec(
                symbol=fill.symbol,
                is_buy=fill.side is OrderSide.BUY,
                size_coin=fill.size_coin,
                price=fill.price,
                client_order_id=fill.client_order_id,
                reduce_only=False,
            ),
            order_id=fill.order_id,
            void_after_ms=0,
            final_status=None,
        )

    async def update(self, client_order_id: str, result: OrderResult, events: Sequence[Event[Any]] = ()) -> None:
        """Records an order's id on the exchange, or its end, with the events about it."""
        async with self._pool.connection() as connection:
            await connection.execute(_UPDATE, (result.order_id, result.final_status, client_order_id))
            await append_events(connection, events)

    async def reopen(self, client_order_id: str, order_id: int) -> None:
        """An order that was recorded as ended is open on the exchange."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE intent_orders SET order_id = %s, final_status = NULL WHERE client_order_id = %s",
                (order_id, client_order_id),
            )

    async def record_protection(
        self, action: ProtectiveAction, results: Mapping[str, OrderResult], events: Sequence[Event[Any]]
    ) -> None:
        """Records one of the protector's actions: its orders, its line in the send log, what became of them and the
        events, in one transaction. A repeat changes nothing but the events' number, which have the same ids."""
        async with self._pool.connection() as connection:
            for role, spec in action.legs:
                if action.entry is not None:
                    await insert_order(connection, action.entry, role, spec, action.void_after_ms)
            for client_order_id, result in results.items():
                await connection.execute(_UPDATE, (result.order_id, result.final_status, client_order_id))
            key = (action.subject, action.purpose, action.nonce)
            await connection.execute(
                """INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms) SELECT %s, %s, %s, %s WHERE NOT EXISTS
                    (SELECT 1 FROM intent_sends WHERE intent_id = %s AND purpose = %s AND nonce = %s)""",
                (*key, action.sent_ms, *key),
            )
            await connection.execute(
                """UPDATE intent_sends SET outcome = %s, answered_ms = %s
                    WHERE intent_id = %s AND purpose = %s AND nonce = %s""",
                (None if action.outcome is None else action.outcome[:MAX_OUTCOME], action.answered_ms, *key),
            )
            await append_events(connection, events)

    async def _rows(self, query: str, parameters: Sequence[Any]) -> list[OrderRow]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            rows = await cursor.fetchall()
        found = []
        for row in rows:
            try:
                found.append(_order_row(row))
            except ValueError as error:
                self._report_unreadable("intent_orders", row["client_order_id"], error)
        return found


async def insert_order(
    connection: psycopg.AsyncConnection[Any], intent: Intent, role: OrderRole, spec: OrderSpec, void_after_ms: int
) -> bool:
    """Records one order within the caller's transaction; False when it is recorded already."""
    added = await connection.execute(
        """
        INSERT INTO intent_orders (client_order_id, intent_id, model, role, symbol, side, size_coin, price,
            trigger_price, reduce_only, void_after_ms)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (
            spec.client_order_id,
            intent.intent_id,
            intent.model,
            role,
            spec.symbol,
            OrderSide.BUY if spec.is_buy else OrderSide.SELL,
            spec.size_coin,
            spec.price,
            spec.trigger_price,
            spec.reduce_only,
            void_after_ms,
        ),
    )
    return added.rowcount == 1


def _role_of(intent_id: str, key: str, written: str) -> OrderRole:
    """The role as it is written, else by the client order id that an intent's first order of a role has."""
    with suppress(ValueError):
        return OrderRole(written)
    return next((role for role in OrderRole if client_order_id(intent_id, role) == key), OrderRole.UNKNOWN)


def _order_row(row: dict[str, Any]) -> OrderRow:
    role = OrderRole(row["role"])
    spec = OrderSpec(
        symbol=Symbol(row["symbol"]),
        is_buy=row["side"] == OrderSide.BUY,
        size_coin=row["size_coin"],
        price=row["price"],
        client_order_id=row["client_order_id"],
        reduce_only=row["reduce_only"],
        trigger_price=row["trigger_price"],
        kind=TRIGGER_KINDS.get(role, ""),
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
