"""The tables of an account's cash: every entry is counted once, in the transaction of the event about it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from common.events import Event
from common.runtime.database import Pool
from executor.domain.cash_ledger import CashEntry, CashTotals
from executor.storage.outbox import append_events


class CashLedgerStore:
    """The SQL of the cash ledger (tables executor_books and executor_book_entries)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, model: str) -> CashTotals | None:
        """The account's totals, or None before its ledger was begun."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute("SELECT * FROM executor_books WHERE model = %s", (model,))
            row = await cursor.fetchone()
        if row is None:
            return None
        row.pop("model")
        return CashTotals(**row)

    async def begin(self, model: str, since_ms: int, balance_usd: Decimal, mode: str) -> None:
        """Begins the ledger; what moved the cash before `since_ms` is not counted."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO executor_books (model, since_ms, start_cash_usd, movements_until_ms, mode)
                VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                (model, since_ms, balance_usd, since_ms, mode),
            )

    async def record(
        self,
        model: str,
        entries: Sequence[CashEntry],
        events: Sequence[Event[Any]],
        until_ms: int,
        unknown_movement: str | None = None,
    ) -> None:
        """Records funding, transfers and external fills up to a time of the exchange; `unknown_movement` stays."""
        async with self._pool.connection() as connection:
            await append_events(connection, events)
            await add_entries(connection, model, entries)
            await connection.execute(
                """UPDATE executor_books SET movements_until_ms = greatest(movements_until_ms, %s),
                    unknown_movement = coalesce(%s, unknown_movement) WHERE model = %s""",
                (until_ms, unknown_movement, model),
            )

    async def settle(self, model: str, mode: str | None, entry: CashEntry | None, event: Event[Any] | None) -> None:
        """The cash is explained, if need be by this entry: the mode is noted, and no movement is unknown any more."""
        async with self._pool.connection() as connection:
            await append_events(connection, [] if event is None else [event])
            await add_entries(connection, model, [] if entry is None else [entry])
            await connection.execute(
                "UPDATE executor_books SET mode = %s, unknown_movement = NULL WHERE model = %s", (mode, model)
            )


async def add_entries(connection: psycopg.AsyncConnection[Any], model: str, entries: Sequence[CashEntry]) -> None:
    """Adds entries to the totals within the caller's transaction; those that are in already change nothing."""
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
