"""The tables of intents and of sends: an intent is stored before it is sent, and goes on from where it stood."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from common.events import Event, OrderIntent, RiskApproved
from common.runtime.database import KeptConnection, Pool
from common.trading.instruments import Symbol
from common.trading.orders import UNFINISHED, UNKNOWN_OUTCOME, IntentKind, IntentStatus
from executor.domain.bracket import build_bracket
from executor.domain.intent import Intent, Outcome, check_transition, intent_from, predecessors
from executor.domain.order import SendPurpose
from executor.storage.orders import MAX_OUTCOME, insert_order
from executor.storage.outbox import append_events

MAX_REASON: Final = 300
CLOCK_STEP_MS: Final = 60_000
"""Further ahead than any intent can end after the state that it is compared with."""


class IntentStore:
    """The SQL of intents and of the send log.

    Each update names the statuses that it may start from, taken from the transition table, and reports whether it
    changed a row: of two instances, or of a step and its repeat, one wins and the other learns that it lost.
    `autocommit` is a connection on which each statement commits by itself: what stands before a send goes there.
    A row that can't be read is left out and given to `report_unreadable(table, key, reason)`: the account's other
    intents go on.
    """

    def __init__(
        self,
        pool: Pool,
        autocommit: KeptConnection | None = None,
        report_unreadable: Callable[[str, object, object], None] = lambda table, key, reason: None,
    ) -> None:
        self._pool, self._autocommit = pool, autocommit or pool
        self._report_unreadable = report_unreadable

    def transaction(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        """One connection, one transaction."""
        return self._pool.connection()

    async def add(self, event: Event[RiskApproved], now_ms: int) -> bool:
        """Stores an approval as an intent; False when it is stored already."""
        return await self._insert(intent_from(event, now_ms))

    async def add_sent(self, intent: Intent, now_ms: int) -> bool:
        """Stores an intent as sent now, in one row with its bytes; False, and nothing stored, when it is there."""
        return await self._insert(intent, first_sent_ms=now_ms)

    async def _insert(self, intent: Intent, first_sent_ms: int | None = None) -> bool:
        row = (
            intent.intent_id,
            intent.model,
            intent.intent_kind,
            intent.order.symbol,
            intent.decision_id,
            intent.cycle_id,
            intent.is_entry,
            intent.order.reduce_only,
            intent.order.model_dump_json(),
            intent.order.valid_until_ms,
            intent.market_ms,
            intent.created_ms,
            intent.updated_ms,
            intent.status,
            intent.nonce,
            intent.signed_action,
            intent.expires_after_ms,
            first_sent_ms,
        )
        async with self._autocommit.connection() as connection:
            added = await connection.execute(_INSERT, row)
            return added.rowcount == 1

    async def unfinished(self, model: str) -> list[Intent]:
        """Intents whose outcome isn't known yet, oldest first."""
        query = "SELECT * FROM intents WHERE model = %s AND status = ANY(%s) ORDER BY created_ms, intent_id"
        return await self._intents(query, (model, list(UNFINISHED)))

    async def get(self, intent_id: str) -> Intent | None:
        found = await self._intents("SELECT * FROM intents WHERE intent_id = %s", (intent_id,))
        return found[0] if found else None

    async def ended_since(self, model: str, since_ms: int, limit: int) -> list[Intent]:
        """The latest intents that ended since a wall time."""
        query = """SELECT * FROM intents WHERE model = %s AND updated_ms >= %s AND NOT status = ANY(%s)
            ORDER BY updated_ms DESC LIMIT %s"""
        return await self._intents(query, (model, since_ms, list(UNFINISHED), limit))

    async def held_entries(self, model: str) -> dict[Symbol, Intent]:
        """The entry behind each coin's position: filled, or sent and still unknown, and not seen closed since."""
        query = """
            SELECT DISTINCT ON (symbol) * FROM intents
            WHERE model = %s AND is_entry AND closed_ms IS NULL AND (filled_size_coin > 0 OR status = ANY(%s))
            ORDER BY symbol, created_ms DESC"""
        return {intent.symbol: intent for intent in await self._intents(query, (model, list(UNKNOWN_OUTCOME)))}

    async def mark_entries_closed(self, model: str, symbols: Sequence[Symbol], before_ms: int, now_ms: int) -> None:
        """Marks the entries of coins without a position as closed, if they ended before a wall time: also those that
        seem to have ended CLOCK_STEP_MS after it, before this machine's clock was set back."""
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET closed_ms = %s WHERE model = %s AND symbol = ANY(%s) AND is_entry
                    AND filled_size_coin > 0 AND closed_ms IS NULL AND (updated_ms < %s OR updated_ms > %s)
                    AND NOT status = ANY(%s)""",
                (now_ms, model, list(symbols), before_ms, before_ms + CLOCK_STEP_MS, list(UNFINISHED)),
            )

    async def reopen_entry(self, intent_id: str) -> None:
        """The position of an entry that was marked as closed is there again: the answer that showed none was late."""
        async with self.transaction() as connection:
            await connection.execute("UPDATE intents SET closed_ms = NULL WHERE intent_id = %s", (intent_id,))

    async def mark_sent(self, intent: Intent, now_ms: int) -> bool:
        """Records the bytes that are about to leave; False if another instance was faster."""
        async with self._autocommit.connection() as connection:
            updated = await connection.execute(
                """UPDATE intents SET status = %s, nonce = %s, signed_action = %s, expires_after_ms = %s,
                    first_sent_ms = %s, updated_ms = %s WHERE intent_id = %s AND status = ANY(%s)""",
                (
                    IntentStatus.SENT,
                    intent.nonce,
                    intent.signed_action,
                    intent.expires_after_ms,
                    now_ms,
                    now_ms,
                    intent.intent_id,
                    predecessors(IntentStatus.SENT),
                ),
            )
            return updated.rowcount == 1

    async def record_first_send(self, intent: Intent, outcome: str | None, now_ms: int) -> None:
        """What can follow the first bytes: the intent's orders, and its line in the send log with the outcome.

        All but the outcome derives from the stored intent, so that a repeat changes nothing and completes what a crash
        cut off.
        """
        async with self.transaction() as connection:
            for role, spec in build_bracket(intent):
                await insert_order(connection, intent, role, spec, intent.void_after_ms)
            await connection.execute(
                """INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms)
                    SELECT i.intent_id, %s, i.nonce, i.first_sent_ms FROM intents i WHERE i.intent_id = %s
                        AND i.signed_action IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intent_sends s
                            WHERE s.intent_id = i.intent_id AND s.purpose = %s AND s.nonce = i.nonce)""",
                (SendPurpose.ORDERS, intent.intent_id, SendPurpose.ORDERS),
            )
            if outcome is not None:
                await connection.execute(
                    """UPDATE intent_sends SET outcome = %s, answered_ms = %s WHERE intent_id = %s
                        AND purpose = %s AND nonce = %s""",
                    (outcome[:MAX_OUTCOME], now_ms, intent.intent_id, SendPurpose.ORDERS, intent.nonce),
                )

    async def complete_first_sends(self, model: str, now_ms: int) -> None:
        """`record_first_send` for what a crash, or another instance, left between first bytes and outcome."""
        for intent in await self.unfinished(model):
            if intent.status is IntentStatus.SENT:
                await self.record_first_send(intent, None, now_ms)

    async def mark_in_flight(self, intent_id: str, reason: str, now_ms: int) -> None:
        """Bytes have left and no readable answer came."""
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET status = %s, reason = %s, updated_ms = %s
                    WHERE intent_id = %s AND status = ANY(%s)""",
                (
                    IntentStatus.IN_FLIGHT,
                    reason[:MAX_REASON],
                    now_ms,
                    intent_id,
                    predecessors(IntentStatus.IN_FLIGHT),
                ),
            )

    async def store_again(self, intent_id: str, now_ms: int) -> None:
        """An intent whose bytes are void without having arrived waits to be signed again."""
        async with self.transaction() as connection:
            await connection.execute(
                """UPDATE intents SET status = %s, signed_action = NULL, updated_ms = %s
                    WHERE intent_id = %s AND status = ANY(%s)""",
                (IntentStatus.STORED, now_ms, intent_id, predecessors(IntentStatus.STORED)),
            )

    async def finish(self, intent: Intent, outcome: Outcome, now_ms: int) -> bool:
        """Ends an unfinished intent with its orders and events, all in one transaction.

        False when it had ended already, or when another instance has signed it again: then this is the outcome of other
        bytes. Raises IllegalTransition for an outcome that isn't an end.
        """
        check_transition(intent.status, outcome.status)
        async with self.transaction() as connection:
            updated = await connection.execute(
                """UPDATE intents SET status = %s, reason = coalesce(%s, reason), updated_ms = %s,
                    filled_size_coin = greatest(filled_size_coin, %s), average_price = coalesce(%s, average_price)
                WHERE intent_id = %s AND status = ANY(%s) AND coalesce(nonce, 0) = %s""",
                (
                    outcome.status,
                    outcome.reason,
                    now_ms,
                    outcome.filled_size_coin,
                    outcome.average_price,
                    intent.intent_id,
                    predecessors(outcome.status),
                    intent.nonce or 0,
                ),
            )
            if updated.rowcount != 1:
                return False
            for client_order_id, result in outcome.orders.items():
                await connection.execute(
                    """UPDATE intent_orders SET order_id = coalesce(%s, order_id), final_status = %s
                        WHERE client_order_id = %s""",
                    (result.order_id, result.final_status, client_order_id),
                )
            await append_events(connection, outcome.events)
        return True

    async def log_send(self, intent_id: str, purpose: SendPurpose, nonce: int, now_ms: int) -> int:
        """Opens a line of the send log; returns its number."""
        query = "INSERT INTO intent_sends (intent_id, purpose, nonce, sent_ms) VALUES (%s, %s, %s, %s) RETURNING number"
        async with self.transaction() as connection:
            row = await (await connection.execute(query, (intent_id, purpose, nonce, now_ms))).fetchone()
            assert row is not None  # noqa: S101 - RETURNING gives a row
            return int(row[0])

    async def log_answer(self, number: int, outcome: str, now_ms: int) -> None:
        """Closes a line of the send log."""
        async with self.transaction() as connection:
            await connection.execute(
                "UPDATE intent_sends SET outcome = %s, answered_ms = %s WHERE number = %s",
                (outcome[:MAX_OUTCOME], now_ms, number),
            )

    async def last_nonce(self) -> int:
        """The highest nonce of the latest sends, of all keys; 0 when nothing was ever sent."""
        query = """SELECT max(nonce) FROM (SELECT nonce FROM intents WHERE status = ANY(%s)
            UNION ALL SELECT nonce FROM (SELECT nonce FROM intent_sends ORDER BY number DESC LIMIT 1000) s) n"""
        async with self.transaction() as connection:
            row = await (await connection.execute(query, (list(UNFINISHED),))).fetchone()
            return int(row[0]) if row and row[0] is not None else 0

    async def _intents(self, query: str, parameters: Sequence[Any]) -> list[Intent]:
        async with self.transaction() as connection, connection.pipeline():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query.encode(), parameters)
            rows = await cursor.fetchall()
        found = []
        for row in rows:
            try:
                found.append(_intent(row))
            except ValueError as error:
                self._report_unreadable("intents", row["intent_id"], error)
        return found


_INSERT = b"""
    INSERT INTO intents (intent_id, model, intent_kind, symbol, decision_id, cycle_id, is_entry, reduce_only, intent,
        valid_until_ms, market_ms, created_ms, updated_ms, status, nonce, signed_action, expires_after_ms,
        first_sent_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""


def _intent(row: dict[str, Any]) -> Intent:
    return Intent(
        intent_id=row["intent_id"],
        model=row["model"],
        intent_kind=IntentKind(row["intent_kind"]),
        decision_id=row["decision_id"],
        cycle_id=row["cycle_id"],
        order=OrderIntent.model_validate(row["intent"]),
        status=IntentStatus(row["status"]),
        nonce=row["nonce"],
        signed_action=row["signed_action"],
        expires_after_ms=row["expires_after_ms"],
        first_sent_ms=row["first_sent_ms"],
        filled_size_coin=row["filled_size_coin"],
        market_ms=row["created_ms"] if row["market_ms"] is None else row["market_ms"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
    )
