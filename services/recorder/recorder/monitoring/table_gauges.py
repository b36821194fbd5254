"""Sets the gauges that the tables answer: residuals, the trades that closed, the tables' sizes."""

from collections.abc import Sequence
from typing import Final

from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.service import Service
from recorder.monitoring import metrics
from recorder.storage.statements import Connection, select

EVERY_S: Final = 10.0
SIZES_EVERY: Final = 6
"""Rounds between two looks at the sizes."""
CLOSED: Final = """
    SELECT t.id, t.model, t.exit_ms, t.pnl / nullif(a.equity - t.pnl, 0) AS gain
    FROM trades t JOIN accounts a ON a.model = t.model
    WHERE t.exit_ms >= %s AND t.status <> 'OPEN' ORDER BY t.exit_ms"""
SIZES: Final = """
    SELECT relname, coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(c.oid)),
        pg_total_relation_size(c.oid)) AS bytes
    FROM pg_class c WHERE relname = ANY(%s)"""
"""A table that is split has its partitions' size."""


class TableGauges:
    """One task beside the handlers; it only reads. Trades that had closed before its first round don't count."""

    def __init__(self, service: Service, pool: Pool, contenders: Sequence[str]) -> None:
        self._service, self._pool, self._contenders = service, pool, frozenset(contenders)
        self._closed_ms: int | None = None
        self._counted: set[str] = set()

    async def run(self) -> None:
        """Looks every `EVERY_S` seconds until cancelled; an outage skips a round."""
        number = 0
        while True:
            try:
                async with self._pool.connection() as connection:
                    await self.look(connection, with_sizes=number % SIZES_EVERY == 0)
                number += 1
            except Exception as error:
                if not is_outage(error):
                    raise
            await self._service.clock.sleep(EVERY_S)

    async def look(self, connection: Connection, *, with_sizes: bool) -> None:
        """One round."""
        for row in await select(connection, "SELECT model, residual FROM pnl_reconciliations"):
            if row["model"] in self._contenders:
                metrics.RESIDUAL_USD.labels(row["model"]).set(float(row["residual"]))
        await self._count_closed(connection)
        if with_sizes:
            for row in await select(connection, SIZES, metrics.SIZED):
                metrics.TABLE_BYTES.labels(row["relname"]).set(row["bytes"])
            [size] = await select(connection, "SELECT pg_database_size(current_database()) AS bytes")
            metrics.DATABASE_BYTES.set(size["bytes"])

    async def _count_closed(self, connection: Connection) -> None:
        if self._closed_ms is None:
            [newest] = await select(connection, "SELECT coalesce(max(exit_ms), 0) AS exit_ms FROM trades")
            self._closed_ms = newest["exit_ms"] + 1
            return
        rows = await select(connection, CLOSED, self._closed_ms)
        for row in rows:
            if row["id"] not in self._counted and row["gain"] is not None and row["model"] in self._contenders:
                metrics.TRADE_LOSS.labels(row["model"]).observe(max(0.0, -float(row["gain"])))
        if rows:
            self._closed_ms = rows[-1]["exit_ms"]
            self._counted = {row["id"] for row in rows if row["exit_ms"] == self._closed_ms}
