"""Drops executions whose days are over; what a position, an open order or a repeat may still ask for stays."""

from collections.abc import Callable
from typing import Final

from structlog.typing import FilteringBoundLogger

from common.runtime.clock import Clock
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.trading.durations import DAY_MS
from common.trading.orders import UNFINISHED

CHECK_EVERY_S: Final = 3_600
BATCH_ROWS: Final = 1_000
LATEST_SENDS: Final = 1_000
"""They stay at any age: nonces go on from theirs."""
_ACCOUNTS: Final = """
    SELECT b.model, greatest(b.movements_until_ms, c.fills_until_ms), least(b.movements_until_ms, c.fills_until_ms)
    FROM executor_books b JOIN executor_cursors c ON c.model = b.model"""
_INTENTS: Final = """
    SELECT intent_id FROM intents i WHERE model = %s AND updated_ms < %s AND NOT status = ANY(%s)
        AND NOT (is_entry AND filled_size_coin > 0 AND closed_ms IS NULL)
        AND NOT EXISTS (SELECT FROM intent_orders o WHERE o.intent_id = i.intent_id AND o.final_status IS NULL)
    ORDER BY updated_ms LIMIT %s"""
"""Ended, the position behind it gone, and each of its orders too."""
_ENTRIES: Final = """
    DELETE FROM executor_book_entries WHERE id IN (
        SELECT id FROM executor_book_entries WHERE model = %s AND time_ms < %s LIMIT %s)"""
_SENDS: Final = """
    DELETE FROM intent_sends WHERE number IN (
        SELECT number FROM intent_sends WHERE sent_ms < %s AND number <= (SELECT max(number) - %s FROM intent_sends)
        ORDER BY number LIMIT %s)"""
_FLATTENS: Final = """
    DELETE FROM executor_flattens WHERE (command_id, model) IN (
        SELECT command_id, model FROM executor_flattens WHERE done_ms < %s LIMIT %s)"""


class ExecutionRetention:
    """Once an hour, on the owner, deletes old intents with their orders, sends, flattens and cash entries, in batches.

    Sums, cursors, halts and events of the outbox stay. How old a row is follows from the earlier of two clocks, this
    machine's and the exchange's up to which an account's fills and movements have been read: one that is set ahead
    drops nothing, and what goes can't be read again.
    """

    def __init__(
        self, pool: Pool, clock: Clock, log: FilteringBoundLogger, keep_days: int, is_owner: Callable[[], bool]
    ) -> None:
        """`keep_days` of 0 keeps for ever."""
        self._pool, self._clock, self._log = pool, clock, log
        self._keep_ms, self._is_owner = keep_days * DAY_MS, is_owner

    async def run(self) -> None:
        """Checks every hour until cancelled, through outages of PostgreSQL."""
        while True:
            await self._clock.sleep(CHECK_EVERY_S)
            if self._keep_ms == 0 or not self._is_owner():
                continue
            try:
                deleted = await self.check(self._clock.now_ms())
            except Exception as error:  # An end of this task would end the process that protects positions.
                log = self._log.warning if is_outage(error) else self._log.error
                log("no old executions were dropped; trying again in an hour", reason=repr(error))
            else:
                if any(deleted.values()):
                    self._log.info("old executions dropped", **deleted)

    async def check(self, now_ms: int) -> dict[str, int]:
        """Deletes what is too old now; the number of rows by kind."""
        async with self._pool.connection() as connection:
            accounts = await (await connection.execute(_ACCOUNTS.encode())).fetchall()
        deleted = dict.fromkeys(("intents", "cash_entries", "sends", "flattens"), 0)
        for model, _, read_whole_ms in accounts:
            before_ms = min(now_ms, read_whole_ms) - self._keep_ms
            deleted["intents"] += await self._drop_intents(model, before_ms)
            deleted["cash_entries"] += await self._drop(_ENTRIES, model, before_ms)
        if accounts:
            before_ms = min(now_ms, max(read_ms for _, read_ms, _ in accounts)) - self._keep_ms
            deleted["sends"] = await self._drop(_SENDS, before_ms, LATEST_SENDS)
            deleted["flattens"] = await self._drop(_FLATTENS, before_ms)
        return deleted

    async def _drop_intents(self, model: str, before_ms: int) -> int:
        """Each batch goes with its orders, in one transaction."""
        deleted, found = 0, BATCH_ROWS
        while found == BATCH_ROWS:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_INTENTS.encode(), (model, before_ms, list(UNFINISHED), BATCH_ROWS))
                ids = [intent_id for (intent_id,) in await cursor.fetchall()]
                await connection.execute("DELETE FROM intent_orders WHERE intent_id = ANY(%s)", (ids,))
                await connection.execute("DELETE FROM intents WHERE intent_id = ANY(%s)", (ids,))
            found = len(ids)
            deleted += found
        return deleted

    async def _drop(self, query: str, *parameters: object) -> int:
        deleted, found = 0, BATCH_ROWS
        while found == BATCH_ROWS:
            async with self._pool.connection() as connection:
                found = (await connection.execute(query.encode(), (*parameters, BATCH_ROWS))).rowcount
            deleted += found
        return deleted
