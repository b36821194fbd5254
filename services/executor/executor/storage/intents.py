"""The tables of intents and their send log: an intent is stored before it is sent, and moves on from where it stood."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from common.events import Event, IntentKind, OrderIntent, RiskApproved
from common.runtime.database import KeptConnection, Pool
from common.trading.instruments import Symbol
from executor.domain.bracket import orders_of
from executor.domain.intent import UNFINISHED, UNKNOWN, Intent, Outcome, fresh_intent
from executor.domain.order import Prepared
from executor.storage.orders import insertion
from executor.storage.outbox import write_events


class IntentStore:
    """The SQL of intents and sends. `quick` commits each statement by itself: what stands before a send goes there."""

    def __init__(self, pool: Pool, quick: KeptConnection | None = None) -> None:
        self._pool, self._quick = pool, quick or pool

    def transaction(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        """One connection, one transaction."""
        return self._pool.connection()

    async def add(self, event: Event[RiskApproved], now_ms: int) -> bool:
        """Stores an approval as an intent; False when it is there already."""
        row = (*_row(fresh_intent(event, now_ms)), "STORED", None, None, None, None)
        async with self._quick.connection() as connection:
            added = await connection.execute(f"{_INSERT} ON CONFLICT DO NOTHING".encode(), row)
            return added.rowcount == 1

    async def add_sent(self, intent: Intent, prepared: Prepared, now_ms: int) -> bool:
        """`add` and `mark_sent` in one row; False, and nothing of it, when the intent is there already."""
        row = (*_row(intent), "SENT", prepared.nonce, prepared.body, prepared.expires_after_ms, now_ms)
        async with self._quick.connection() as connection:
            added = await connection.execute(f"{_INSERT} ON CONFLICT DO NOTHING".encode(), row)
            return added.rowcount == 1

    async def unfinished(self, model: str) -> list[Intent]:
        """Intents whose outcome isn't known yet, oldest first."""
        query = "SELECT * FROM intents WHERE model = %s AND status = ANY(%s) ORDER BY created_ms, intent_id"
        return await self._intents(query, (model, UNFINISHED))

    async def get(self, intent_id: str) -> Intent | None:
        found = await self._intents("SELECT * FROM intents WHERE intent_id = %s", (intent_id,))
        return found[0] if found else None

    async def ended_since(self, model: str, since_ms: int, most: int) -> list[str]:
        """Ids of the latest intents that ended since a wall time."""
        query = """SELECT * FROM intents WHERE model = %s AND updated_ms >= %s AND NOT status = ANY(%s)
            ORDER BY updated_ms DESC LIMIT %s"""
        return [intent.intent_id for intent in await self._intents(query, (model, since_ms, UNFINISHED, most))]

    async def held_entries(self, model: str) -> dict[Symbol, Intent]:
        """The entry behind each coin's position: filled, or sent and still unknown, and not seen closed since."""
        query = """
            SELECT DISTINCT ON (symbol) * FROM intents
            WHERE model = %s AND is_entry AND closed_ms IS NULL AND (filled_size_coin > 0 OR status = ANY(%s))
            ORDER BY symbol, created_ms DESC"""
        return {intent.symbol: intent for intent in await self._intents(query, (model, UNKNOWN))}

    async def close_entries(self, model: str, symbols: Sequence[Symbol], before_ms: int, now_ms: int) -> None:
        """Marks the entries of coins without a position as over, if they ended before a wall time."""
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET closed_ms = %s WHERE model = %s AND symbol = ANY(%s) AND is_entry
                    AND filled_size_coin > 0 AND closed_ms IS NULL AND updated_ms < %s
                    AND NOT status = ANY(%s)""",
                (now_ms, model, [symbol.value for symbol in symbols], before_ms, UNFINISHED),
            )

    async def mark_sent(self, intent: Intent, prepared: Prepared, now_ms: int) -> bool:
        """Records the bytes that are about to leave; False if another was faster."""
        async with self._quick.connection() as connection:
            moved = await connection.execute(
                """UPDATE intents SET status = 'SENT', nonce = %s, signed_action = %s, expires_after_ms = %s,
                    first_sent_ms = %s, updated_ms = %s WHERE intent_id = %s AND status = 'STORED'""",
                (prepared.nonce, prepared.body, prepared.expires_after_ms, now_ms, now_ms, intent.intent_id),
            )
            return moved.rowcount == 1

    async def record_first_send(self, intent: Intent, outcome: str | None, now_ms: int) -> None:
        """What is left for after the first bytes: an intent's orders, and its line in the send log with the outcome.

        All but the outcome follows from the stored intent, so that a repeat changes nothing and makes good a crash.
        """
        async with self.transaction() as connection:
            for role, spec in orders_of(intent):
                query, row = insertion(intent, role, spec, intent.void_after_ms)
                await connection.execute(query.encode(), row)
            await connection.execute(
                """INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms)
                    SELECT i.intent_id, 'orders', i.nonce, i.first_sent_ms FROM intents i WHERE i.intent_id = %s
                        AND i.signed_action IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intent_sends s
                            WHERE s.intent_id = i.intent_id AND s.purpose = 'orders' AND s.nonce = i.nonce)""",
                (intent.intent_id,),
            )
            if outcome is not None:
                await connection.execute(
                    """UPDATE intent_sends SET outcome = %s, answered_ms = %s WHERE intent_id = %s
                        AND purpose = 'orders' AND nonce = %s""",
                    (outcome[:500], now_ms, intent.intent_id, intent.nonce),
                )

    async def complete_first_sends(self, model: str, now_ms: int) -> None:
        """Records what a crash, or another instance, has left out between an intent's first bytes and their outcome."""
        for intent in await self.unfinished(model):
            if intent.status == "SENT":
                await self.record_first_send(intent, None, now_ms)

    async def mark_in_flight(self, intent_id: str, reason: str, now_ms: int) -> None:
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET status = 'IN_FLIGHT', reason = %s, updated_ms = %s
                    WHERE intent_id = %s AND status = 'SENT'""",
                (reason[:300], now_ms, intent_id),
            )

    async def store_again(self, intent_id: str, now_ms: int) -> None:
        """An exit whose bytes are void without having arrived waits to be sent anew."""
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET status = 'STORED', signed_action = NULL, updated_ms = %s
                    WHERE intent_id = %s AND NOT is_entry AND status = ANY(%s)""",
                (now_ms, intent_id, UNKNOWN),
            )

    async def end(self, intent: Intent, outcome: Outcome, now_ms: int) -> bool:
        """Ends an unfinished intent with its orders and events, all at once.

        False when it had ended already, or when another instance has signed it anew: this is other bytes' outcome.
        """
        async with self.transaction() as connection:
            moved = await connection.execute(
                """UPDATE intents SET status = %s, reason = coalesce(%s, reason), updated_ms = %s,
                    filled_size_coin = greatest(filled_size_coin, %s), average_price = coalesce(%s, average_price)
                WHERE intent_id = %s AND status = ANY(%s) AND coalesce(nonce, 0) = %s""",
                (
                    *(outcome.status, outcome.reason, now_ms, outcome.filled_size_coin, outcome.average_price),
                    *(intent.intent_id, UNFINISHED, intent.nonce or 0),
                ),
            )
            if moved.rowcount != 1:
                return False
            for client_order_id, (order_id, final) in (outcome.orders or {}).items():
                await connection.execute(
                    """UPDATE intent_orders SET order_id = coalesce(%s, order_id), final_status = %s
                        WHERE client_order_id = %s""",
                    (order_id, final, client_order_id),
                )
            await write_events(connection, outcome.events)
        return True

    async def log_send(self, intent_id: str, purpose: str, nonce: int, now_ms: int) -> int:
        """Opens a line of the send log; returns its number."""
        async with self.transaction() as connection:
            return await _log_send(connection, intent_id, purpose, nonce, now_ms)

    async def last_nonce(self) -> int:
        """The highest nonce of the latest sends, of all keys; 0 when nothing was ever sent."""
        query = """SELECT max(nonce) FROM (SELECT nonce FROM intents WHERE status = ANY(%s)
            UNION ALL SELECT nonce FROM (SELECT nonce FROM intent_sends ORDER BY number DESC LIMIT 1000) s) n"""
        async with self.transaction() as connection:
            row = await (await connection.execute(query, (UNFINISHED,))).fetchone()
            return int(row[0]) if row and row[0] is not None else 0

    async def log_answer(self, number: int, outcome: str, now_ms: int) -> None:
        async with self.transaction() as connection:
            await connection.execute(
                "UPDATE intent_sends SET outcome = %s, answered_ms = %s WHERE number = %s",
                (outcome[:500], now_ms, number),
            )

    async def _intents(self, query: str, parameters: Sequence[Any]) -> list[Intent]:
        async with self.transaction() as connection, connection.pipeline():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            return [_intent(row) for row in await cursor.fetchall()]


_INSERT = """
    INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, cycle_id, is_entry, reduce_only, intent,
        valid_until_ms, market_ms, created_ms, updated_ms, status, nonce, signed_action, expires_after_ms,
        first_sent_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def _row(intent: Intent) -> tuple[Any, ...]:
    """An intent's columns, up to those that say how far it has come."""
    order = intent.order
    return (
        *(
            intent.intent_id,
            intent.model,
            intent.intent_kind.value,
            order.symbol.value,
            intent.decision_id,
            intent.cycle_id,
        ),
        *(intent.is_entry, order.reduce_only, order.model_dump_json(), order.valid_until_ms),
        *(intent.market_ms, intent.created_ms, intent.updated_ms),
    )


async def _log_send(
    connection: psycopg.AsyncConnection[Any], intent_id: str, purpose: str, nonce: int, now_ms: int
) -> int:
    query = "INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms) VALUES (%s, %s, %s, %s) RETURNING number"
    row = await (await connection.execute(query, (intent_id, purpose, nonce, now_ms))).fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives a row
    return int(row[0])


def _intent(row: dict[str, Any]) -> Intent:
    return Intent(
        intent_id=row["intent_id"],
        model=row["model"],
        intent_kind=IntentKind(row["intent_kind"]),
        decision_id=row["decision_id"],
        cycle_id=row["cycle_id"],
        order=OrderIntent.model_validate(row["intent"]),
        status=row["status"],
        nonce=row["nonce"],
        signed_action=row["signed_action"],
        expires_after_ms=row["expires_after_ms"],
        first_sent_ms=row["first_sent_ms"],
        filled_size_coin=row["filled_size_coin"],
        market_ms=row["created_ms"] if row["market_ms"] is None else row["market_ms"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
    )
