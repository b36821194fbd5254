"""The tables of an account's sums: every movement of cash enters once, with the event that tells of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from common.events import Event
from common.runtime.database import Pool
from executor.domain.cash_ledger import Books, Entry
from executor.storage.outbox import write_events


class BookStore:
    """The SQL of books."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, model: str) -> Books | None:
        """The account's books, or None before they were begun."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute("SELECT * FROM executor_books WHERE model = %s", (model,))
            row = await cursor.fetchone()
        if row is None:
            return None
        row.pop("model")
        return Books(**row)

    async def begin(self, model: str, since_ms: int, cash_usd: Decimal) -> None:
        """Begins the books; what was before is no affair of the arena."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO executor_books (model, since_ms, start_cash_usd, movements_until_ms)
                VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                (model, since_ms, cash_usd, since_ms),
            )

    async def enter(self, model: str, entries: Sequence[Entry], events: Sequence[Event[Any]], until_ms: int) -> None:
        """Takes over funding, transfers and foreign fills up to a time of the exchange."""
        async with self._pool.connection() as connection:
            await write_events(connection, events)
            await enter(connection, model, entries)
            await connection.execute(
                "UPDATE executor_books SET movements_until_ms = greatest(movements_until_ms, %s) WHERE model = %s",
                (until_ms, model),
            )


async def enter(connection: psycopg.AsyncConnection[Any], model: str, entries: Sequence[Entry]) -> None:
    """Adds entries to the sums within the caller's transaction; those that are in already change nothing."""
    for entry in entries:
        added = await connection.execute(
            """INSERT INTO executor_book_entries (id, model, time_ms)
            SELECT %s, model, %s FROM executor_books WHERE model = %s AND since_ms < %s ON CONFLICT DO NOTHING""",
            (entry.id, entry.time_ms, model, entry.time_ms),
        )
        if added.rowcount == 1:
            await connection.execute(
                """UPDATE executor_books SET closed_pnl_usd = closed_pnl_usd + %s, fees_usd = fees_usd + %s,
                    funding_usd = funding_usd + %s, transfers_usd = transfers_usd + %s WHERE model = %s""",
                (entry.closed_pnl_usd, entry.fee_usd, entry.funding_usd, entry.transfer_usd, model),
            )
