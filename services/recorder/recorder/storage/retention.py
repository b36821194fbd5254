"""Drops texts and rows whose days are over. Chains, trades, fills and payments stay for ever."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from structlog import get_logger

from common.runtime.clock import Clock
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.record.links import MARKET, day_of
from common.trading.durations import DAY_MS
from recorder.config import KeepDays
from recorder.storage.partitions import (
    PARTITIONED,
    PRICES,
    STATES,
    SUMMARIES,
    TEXTS,
    Partitioned,
    drop_partitions,
    make_partitions,
)
from recorder.storage.record import DROPPED, ROWS_DROPPED, RecordWriter
from recorder.storage.statements import Connection, select

CHECK_EVERY_S: Final = 3_600
BATCH_ROWS: Final = 2_000
UNTRADED: Final = """NOT executed AND NOT EXISTS (SELECT FROM trades t WHERE t.decision_id = ai_decisions.id)
    AND NOT EXISTS (SELECT FROM verdicts v JOIN fills f ON f.intent_id = v.id WHERE v.decision_id = ai_decisions.id)"""
"""The decision behind a trade is kept with it."""
UNREFERENCED: Final = """NOT EXISTS (SELECT FROM ai_decisions d WHERE d.id = verdicts.decision_id)
    AND NOT EXISTS (SELECT FROM fills f WHERE f.intent_id = verdicts.id)"""
"""So is a verdict that a fill or a kept decision goes back to."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The days (UTC, counted since 1970) of the snapshot that was recorded last."""

    market_day: int
    recorded_day: int


class Retention:
    """Once an hour makes the coming weeks' partitions, and drops what is no longer kept.

    How old a row is follows from the snapshot that was recorded last, not from the machine's clock. What is timed by
    the market (prices, states, decisions) is measured by the market's day, which a recording may have in another year.
    What is timed by the machine (texts, verdicts, alerts) is old when the machine's clock, the last recording and the
    market all say so; a clock that is set wrong drops nothing.

    What is on the record is dropped in two steps: every chain concerned gets a link that says so, in one transaction;
    then the rows go. So an audit at any moment finds each missing row or text explained. What was interrupted goes on
    at the next check, with a link of its own.
    """

    def __init__(self, pool: Pool, clock: Clock, keep: KeepDays) -> None:
        self._pool, self._clock, self._keep = pool, clock, keep

    async def run(self) -> None:
        """Checks every hour until cancelled, through outages of PostgreSQL and locks that others hold for long."""
        while True:
            try:
                await self.check(self._clock.now_ms())
            except Exception as error:
                if not is_outage(error):
                    raise
                get_logger().warning("nothing was dropped; trying again in an hour", reason=str(error))
            await self._clock.sleep(CHECK_EVERY_S)

    async def check(self, now_ms: int) -> None:
        """Makes partitions and drops what is too old by what was recorded last; before that, nothing."""
        async with self._pool.connection() as connection:
            last = await _last_snapshot(connection)
        today, keep = day_of(now_ms), self._keep
        for of in PARTITIONED:
            for day in sorted({today} if last is None else {today, last.market_day}):
                async with self._pool.connection() as connection, connection.transaction():
                    await make_partitions(connection, of, day)
        if last is None:
            return
        market_day = last.market_day
        recorded_day = min(today, last.recorded_day, market_day)
        if keep.texts:
            await self._drop_weeks(TEXTS, TEXTS.cutoff(recorded_day, keep.texts), now_ms)
        if keep.prices:
            await self._drop_weeks(PRICES, PRICES.cutoff(market_day, keep.prices), now_ms)
            await self._drop_weeks(SUMMARIES, SUMMARIES.cutoff(market_day, keep.prices), now_ms)
        if keep.states:
            await self._drop_weeks(STATES, STATES.cutoff(market_day, keep.states), now_ms)
        if keep.decisions:
            await self._drop_rows("ai_decisions", UNTRADED, (market_day - keep.decisions) * DAY_MS, now_ms)
            await self._drop_rows("verdicts", UNREFERENCED, (recorded_day - keep.decisions) * DAY_MS, now_ms)
            await self._drop_results((market_day - keep.decisions) * DAY_MS)
        if keep.alerts:
            await self._delete("alerts", "true", (recorded_day - keep.alerts) * DAY_MS)

    async def _drop_weeks(self, of: Partitioned, cutoff: int, now_ms: int) -> None:
        """Whole partitions, then day by day what else lies before the cutoff."""
        if await self._oldest(of, cutoff) is None:
            return
        async with self._pool.connection() as connection, connection.transaction():
            if of is TEXTS:
                await _note(connection, DROPPED, now_ms, {"before_day": cutoff}, lambda chain: True)
            if of is SUMMARIES:
                details = {"table": of.table, "before_ms": cutoff}
                await _note(connection, ROWS_DROPPED, now_ms, details, lambda chain: chain == MARKET)
            if of is PRICES:
                await _keep_a_price_a_day(connection, cutoff)
        async with self._pool.connection() as connection, connection.transaction():
            await drop_partitions(connection, of, cutoff)
        while (oldest := await self._oldest(of, cutoff)) is not None:
            query = f"DELETE FROM {of.table} WHERE {of.key} < %s"  # noqa: S608 - own names
            async with self._pool.connection() as connection:
                await connection.execute(query.encode(), (min(oldest + of.day, cutoff),))

    async def _oldest(self, of: Partitioned, cutoff: int) -> int | None:
        """The key of the oldest row before the cutoff."""
        query = f"SELECT min({of.key}) AS oldest FROM {of.table} WHERE {of.key} < %s"  # noqa: S608 - own names
        async with self._pool.connection() as connection:
            [row] = await select(connection, query, cutoff)
        oldest: int | None = row["oldest"]
        return oldest

    async def _drop_rows(self, table: str, condition: str, before_ms: int, now_ms: int) -> None:
        """Rows of contenders that are on the record."""
        query = f"SELECT EXISTS (SELECT FROM {table} WHERE time_ms < %s AND {condition}) AS found"  # noqa: S608
        async with self._pool.connection() as connection, connection.transaction():
            [row] = await select(connection, query, before_ms)
            if not row["found"]:
                return
            details = {"table": table, "before_ms": before_ms}
            await _note(connection, ROWS_DROPPED, now_ms, details, lambda chain: chain != MARKET)
        await self._delete(table, condition, before_ms)

    async def _drop_results(self, before_ms: int) -> None:
        """Results of decisions that are not kept; the sums of their hours stay."""
        deleted = BATCH_ROWS
        while deleted == BATCH_ROWS:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(
                    """DELETE FROM decision_results WHERE (decision_id, minutes) IN (
                        SELECT decision_id, minutes FROM decision_results r WHERE time_ms < %s
                            AND NOT EXISTS (SELECT FROM ai_decisions d WHERE d.id = r.decision_id)
                        ORDER BY time_ms LIMIT %s
                    )""",
                    (before_ms, BATCH_ROWS),
                )
                deleted = cursor.rowcount

    async def _delete(self, table: str, condition: str, before_ms: int) -> None:
        query = f"""DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} WHERE time_ms < %s AND {condition} ORDER BY time_ms LIMIT %s
        )"""  # noqa: S608 - own names
        deleted = BATCH_ROWS
        while deleted == BATCH_ROWS:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(query.encode(), (before_ms, BATCH_ROWS))
                deleted = cursor.rowcount


async def _last_snapshot(connection: Connection) -> _Snapshot | None:
    rows = await select(
        connection,
        """SELECT time_ms, day FROM record_links WHERE chain = %s AND event_id IS NOT NULL
        ORDER BY sequence DESC LIMIT 1""",
        MARKET,
    )
    return _Snapshot(day_of(rows[0]["time_ms"]), rows[0]["day"]) if rows else None


async def _note(
    connection: Connection, kind: str, now_ms: int, details: dict[str, Any], concerns: Callable[[str], bool]
) -> None:
    """Has each chain concerned say what is no longer kept."""
    writer = RecordWriter()
    chains: Sequence[str] = [row["chain"] for row in await select(connection, "SELECT chain FROM record_heads")]
    heads = await writer.lock(connection, list(filter(concerns, chains)), now_ms)
    for chain, head in heads.items():
        await writer.append_note(connection, chain, head, kind, now_ms, details)


async def _keep_a_price_a_day(connection: Connection, cutoff_ms: int) -> None:
    """The first prices of each day stay, for the benchmarks."""
    await connection.execute(
        """INSERT INTO market_price_days (bucket_ms, symbol, time_ms, mid_price)
        SELECT DISTINCT ON (p.day, p.symbol) p.bucket_ms, p.symbol, p.time_ms, p.mid_price
        FROM (SELECT *, bucket_ms / %s AS day FROM market_prices WHERE bucket_ms < %s) p
        ORDER BY p.day, p.symbol, p.bucket_ms ON CONFLICT DO NOTHING""",
        (DAY_MS, cutoff_ms),
    )
