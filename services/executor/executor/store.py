"""The table `intents` with its orders and its send log: written before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from common.events import Event, Leg, OrderIntent, OrderRole, RiskApproved
from common.runtime.database import Pool
from common.trading.symbols import Symbol
from executor.venue import OrderSpec, Prepared

UNFINISHED = ("STORED", "SENT", "IN_FLIGHT")


@dataclass(frozen=True, slots=True)
class Intent:
    """One stored intent. `first_sent_ms` None means that not one byte of it has left."""

    intent_id: str
    model: str
    leg: Leg
    decision_id: str
    cycle_id: str | None
    order: OrderIntent
    status: str
    signed_action: bytes | None
    expires_after_ms: int | None
    first_sent_ms: int | None
    filled_size_coin: Decimal
    created_ms: int

    @property
    def is_entry(self) -> bool:
        return self.leg is Leg.ENTRY

    @property
    def symbol(self) -> Symbol:
        return self.order.symbol

    @property
    def primary_role(self) -> OrderRole:
        return OrderRole.ENTRY if self.is_entry else OrderRole.EXIT


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order that an intent became, or may become, on the exchange."""

    client_order_id: str
    intent_id: str
    cycle_id: str | None
    role: OrderRole
    spec: OrderSpec
    order_id: int | None
    final_status: str | None


class IntentStore:
    """All of the executor's SQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, event: Event[RiskApproved], now_ms: int) -> bool:
        """Stores an approval as an intent; False when it is there already."""
        data, order = event.data, event.data.intent
        row = (
            *(event.id, data.model, data.leg.value, order.symbol.value, data.decision_id, event.cycle_id),
            *(data.leg is Leg.ENTRY, order.reduce_only, order.model_dump_json(), order.valid_until_ms, now_ms, now_ms),
        )
        query = """
            INSERT INTO intents (intent_id, model, leg, symbol, decision_id, cycle_id, is_entry, reduce_only, status,
                intent, valid_until_ms, created_ms, updated_ms)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'STORED', %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
        async with self._pool.connection() as connection:
            return (await connection.execute(query, row)).rowcount == 1

    async def unfinished(self, model: str) -> list[Intent]:
        """Intents whose outcome isn't known yet, oldest first."""
        query = """SELECT * FROM intents WHERE model = %s AND status = ANY(%s) ORDER BY created_ms, intent_id"""
        return [_intent(row) for row in await self._rows(query, (model, list(UNFINISHED)))]

    async def get(self, intent_id: str) -> Intent | None:
        rows = await self._rows("SELECT * FROM intents WHERE intent_id = %s", (intent_id,))
        return _intent(rows[0]) if rows else None

    async def recent(self, model: str, since_ms: int) -> list[Intent]:
        """Intents that ended since a wall time."""
        query = "SELECT * FROM intents WHERE model = %s AND updated_ms >= %s AND NOT status = ANY(%s)"
        return [_intent(row) for row in await self._rows(query, (model, since_ms, list(UNFINISHED)))]

    async def latest_entries(self, model: str) -> dict[Symbol, Intent]:
        """The last entry per coin that was filled at all: the one a position there comes from."""
        query = """
            SELECT DISTINCT ON (symbol) * FROM intents
            WHERE model = %s AND is_entry AND filled_size_coin > 0 ORDER BY symbol, created_ms DESC"""
        return {intent.symbol: intent for intent in map(_intent, await self._rows(query, (model,)))}

    async def mark_sent(
        self, intent: Intent, prepared: Prepared, specs: Sequence[tuple[OrderRole, OrderSpec]], now_ms: int
    ) -> bool:
        """Records bytes and orders of an intent that is about to be sent; False when another process was faster."""
        async with self._pool.connection() as connection:
            moved = await connection.execute(
                """UPDATE intents SET status = 'SENT', nonce = %s, signed_action = %s, expires_after_ms = %s,
                    first_sent_ms = %s, updated_ms = %s WHERE intent_id = %s AND status = 'STORED'""",
                (prepared.nonce, prepared.body, prepared.expires_after_ms, now_ms, now_ms, intent.intent_id),
            )
            if moved.rowcount != 1:
                return False
            for role, spec in specs:
                await connection.execute(*_order_insert(intent, role, spec))
        return True

    async def add_order(self, intent: Intent, role: OrderRole, spec: OrderSpec) -> None:
        """Records an order that follows an intent later: a trigger placed after a partial fill."""
        async with self._pool.connection() as connection:
            await connection.execute(*_order_insert(intent, role, spec))

    async def log_send(self, intent_id: str, purpose: str, nonce: int, now_ms: int) -> int:
        """Opens a line of the send log; returns its number."""
        query = "INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms) VALUES (%s, %s, %s, %s) RETURNING number"
        rows = await self._rows(query, (intent_id, purpose, nonce, now_ms))
        return int(rows[0]["number"])

    async def log_answer(self, number: int, outcome: str, now_ms: int) -> None:
        query = "UPDATE intent_sends SET outcome = %s, answered_ms = %s WHERE number = %s"
        await self._execute(query, (outcome[:500], now_ms, number))

    async def set_status(
        self,
        intent_id: str,
        status: str,
        now_ms: int,
        *,
        reason: str | None = None,
        filled: Decimal | None = None,
        average: Decimal | None = None,
    ) -> None:
        """Moves an intent on; figures that are not given stay."""
        await self._execute(
            """UPDATE intents SET status = %s, reason = coalesce(%s, reason), updated_ms = %s,
                filled_size_coin = coalesce(%s, filled_size_coin), average_price = coalesce(%s, average_price)
            WHERE intent_id = %s""",
            (status, reason, now_ms, filled, average, intent_id),
        )

    async def orders(self, model: str) -> dict[str, OrderRow]:
        """Orders that may still be open, by client order id, and those of the last day's intents."""
        query = """
            SELECT o.*, i.cycle_id FROM intent_orders o JOIN intents i USING (intent_id)
            WHERE o.model = %s AND (o.final_status IS NULL
                OR i.updated_ms > (SELECT coalesce(max(updated_ms), 0) FROM intents) - 86400000)"""
        rows = await self._rows(query, (model,))
        return {row["client_order_id"]: _order_row(row) for row in rows}

    async def order(self, client_order_id: str) -> OrderRow | None:
        query = """SELECT o.*, i.cycle_id FROM intent_orders o JOIN intents i USING (intent_id)
            WHERE client_order_id = %s"""
        rows = await self._rows(query, (client_order_id,))
        return _order_row(rows[0]) if rows else None

    async def set_order(self, client_order_id: str, *, order_id: int | None = None, final: str | None = None) -> None:
        await self._execute(
            """UPDATE intent_orders SET order_id = coalesce(%s, order_id), final_status = coalesce(%s, final_status)
            WHERE client_order_id = %s""",
            (order_id, final, client_order_id),
        )

    async def fills_until(self, model: str) -> int | None:
        rows = await self._rows("SELECT fills_until_ms FROM executor_cursors WHERE model = %s", (model,))
        return int(rows[0]["fills_until_ms"]) if rows else None

    async def set_fills_until(self, model: str, until_ms: int) -> None:
        await self._execute(
            """INSERT INTO executor_cursors VALUES (%s, %s) ON CONFLICT (model) DO UPDATE
            SET fills_until_ms = greatest(executor_cursors.fills_until_ms, excluded.fills_until_ms)""",
            (model, until_ms),
        )

    async def _rows(self, query: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            return await cursor.fetchall()

    async def _execute(self, query: str, parameters: Sequence[Any]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(query.encode(), parameters)


def _order_insert(intent: Intent, role: OrderRole, spec: OrderSpec) -> tuple[str, tuple[Any, ...]]:
    query = """
        INSERT INTO intent_orders (client_order_id, intent_id, model, role, symbol, side, size_coin, price,
            trigger_price, reduce_only)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
    side = "BUY" if spec.is_buy else "SELL"
    row = (
        *(spec.client_order_id, intent.intent_id, intent.model, role.value, spec.symbol.value, side),
        *(spec.size_coin, spec.price, spec.trigger_price, spec.reduce_only),
    )
    return query, row


def _intent(row: dict[str, Any]) -> Intent:
    return Intent(
        intent_id=row["intent_id"],
        model=row["model"],
        leg=Leg(row["leg"]),
        decision_id=row["decision_id"],
        cycle_id=row["cycle_id"],
        order=OrderIntent.model_validate(row["intent"]),
        status=row["status"],
        signed_action=row["signed_action"],
        expires_after_ms=row["expires_after_ms"],
        first_sent_ms=row["first_sent_ms"],
        filled_size_coin=row["filled_size_coin"],
        created_ms=row["created_ms"],
    )


def _order_row(row: dict[str, Any]) -> OrderRow:
    kind = {"stop": "sl", "target": "tp"}.get(row["role"], "")
    spec = OrderSpec(
        symbol=Symbol(row["symbol"]),
        is_buy=row["side"] == "BUY",
        size_coin=row["size_coin"],
        price=row["price"],
        client_order_id=row["client_order_id"],
        reduce_only=row["reduce_only"],
        trigger_price=row["trigger_price"],
        kind=kind,
    )
    role = OrderRole(row["role"])
    return OrderRow(
        row["client_order_id"], row["intent_id"], row["cycle_id"], role, spec, row["order_id"], row["final_status"]
    )
