"""Up to when each account's fills are recorded, and late fills of intents that had ended unfilled."""

from collections.abc import Sequence
from typing import Any

from common.events import Event
from common.runtime.database import Pool
from common.trading.orders import UNFINISHED, IntentStatus
from executor.domain.cash_ledger import CashEntry
from executor.domain.intent import corrected_to
from executor.domain.order import FillTotal
from executor.storage.cash_ledger import add_entries
from executor.storage.outbox import append_events


class FillStore:
    """The SQL of fills. The fills themselves are events; here are the cursor and the sums."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def recorded_until(self, model: str) -> int | None:
        """The exchange's time of the last recorded fill; None before the first poll."""
        async with self._pool.connection() as connection:
            query = "SELECT fills_until_ms FROM executor_cursors WHERE model = %s"
            row = await (await connection.execute(query, (model,))).fetchone()
            return None if row is None else int(row[0])

    async def record(
        self,
        model: str,
        until_ms: int,
        *,
        events: Sequence[Event[Any]] = (),
        totals: Sequence[FillTotal] = (),
        entries: Sequence[CashEntry] = (),
    ) -> None:
        """Records fills in one transaction: events, cash entries, sums of intents, and the cursor, which only rises.

        A sum of an unfinished intent is left to that intent's end.
        """
        async with self._pool.connection() as connection:
            await append_events(connection, events)
            await add_entries(connection, model, entries)
            for total in totals:
                await connection.execute(
                    """UPDATE intents SET filled_size_coin = %s, average_price = %s,
                        status = CASE WHEN status = ANY(%s) THEN %s ELSE status END
                    WHERE intent_id = %s AND filled_size_coin < %s AND NOT status = ANY(%s)""",
                    (
                        total.size_coin,
                        total.average_price,
                        corrected_to(IntentStatus.PARTIAL),
                        IntentStatus.PARTIAL,
                        total.intent_id,
                        total.size_coin,
                        list(UNFINISHED),
                    ),
                )
            await connection.execute(
                """INSERT INTO executor_cursors VALUES (%s, %s) ON CONFLICT (model) DO UPDATE
                SET fills_until_ms = greatest(executor_cursors.fills_until_ms, excluded.fills_until_ms)""",
                (model, until_ms),
            )
