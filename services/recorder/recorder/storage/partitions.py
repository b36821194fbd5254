"""Partitions by weeks: those of the coming weeks are made ahead, and one that is no longer kept is dropped as a whole.

A row whose week has no partition lies in the table's partition for the rest. That happens to rows of a clock that was
wrong, or after weeks in which no recorder ran; they move when their week's partition is made.
"""

from dataclasses import dataclass
from typing import Final

from psycopg import sql

from common.runtime.rights.tables import partition_rights, role_name
from common.trading.durations import DAY_MS
from recorder.storage.statements import Connection, select

OWNER: Final = "recorder"
WEEK_DAYS: Final = 7
WEEKS_AHEAD: Final = 3
LOCK_LIMIT_MS: Final = 3_000
"""For a lock on a table that the whole arena reads: whoever waits for longer tries again an hour later."""
_LOCK_KEY: Final = 0x7061_7274
"""Of the lock under which a recorder makes or drops partitions; others wait for the end of its transaction."""


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table partitioned by the integer column `key`, which counts ms, or days, since 1970."""

    table: str
    key: str
    day: int

    @property
    def week(self) -> int:
        return WEEK_DAYS * self.day

    @property
    def rest(self) -> str:
        return f"{self.table}_rest"

    def cutoff(self, today: int, keep_days: int) -> int:
        """What is before it is no longer kept: the end of a week whose every day is over by more than `keep_days`."""
        return (today - keep_days) * self.day // self.week * self.week


PRICES: Final = Partitioned("market_prices", "bucket_ms", DAY_MS)
SUMMARIES: Final = Partitioned("market_snapshots", "time_ms", DAY_MS)
STATES: Final = Partitioned("account_snapshots", "time_ms", DAY_MS)
TEXTS: Final = Partitioned("record_blobs", "day", 1)
PARTITIONED: Final = (PRICES, SUMMARIES, STATES, TEXTS)


async def make_partitions(connection: Connection, of: Partitioned, today: int) -> int:
    """Makes what is missing of this week's partition and the following ones; returns how many those were.

    Raises LockNotAvailable while the table is in use for longer.
    """
    await _lock(connection)
    first = today * of.day // of.week * of.week
    taken = [(low, high) for _, low, high in await _partitions(connection, of)]
    made = 0
    for lower in range(first, first + (WEEKS_AHEAD + 1) * of.week, of.week):
        if not any((low is None or low < lower + of.week) and lower < high for low, high in taken):
            await _make_partition(connection, of, lower)
            made += 1
    return made


async def drop_partitions(connection: Connection, of: Partitioned, cutoff: int) -> int:
    """Drops the partitions that lie before `cutoff` as a whole; returns how many those were."""
    await _lock(connection)
    dropped = 0
    for name, _, upper in await _partitions(connection, of):
        if upper <= cutoff:
            await connection.execute(f"SET LOCAL lock_timeout = {LOCK_LIMIT_MS}".encode())
            await connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            dropped += 1
    return dropped


async def _lock(connection: Connection) -> None:
    """Before partitions are read: what another recorder makes or drops meanwhile would be made or dropped twice."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))


async def _make_partition(connection: Connection, of: Partitioned, lower: int) -> None:
    """Makes one week's partition, and moves its rows out of the rest."""
    name = f"{of.table}_{lower // of.day}"
    parent, partition, rest, key = (sql.Identifier(each) for each in (of.table, name, of.rest, of.key))
    span = sql.SQL("{} >= {} AND {} < {}").format(key, lower, key, lower + of.week)
    columns = sql.SQL(", ").join(map(sql.Identifier, await _stored_columns(connection, of.table)))
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_LIMIT_MS}".encode())
    await connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(partition, parent))
    await connection.execute(
        sql.SQL("WITH moved AS (DELETE FROM {} WHERE {} RETURNING *) INSERT INTO {} ({}) SELECT {} FROM moved").format(
            rest, span, partition, columns, columns
        )
    )
    await connection.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            parent, partition, lower, lower + of.week
        )
    )
    [user] = await select(connection, "SELECT current_user AS name")
    if user["name"] == role_name(OWNER):
        for statement in partition_rights(of.table, name, OWNER):
            await connection.execute(statement.encode())


async def _partitions(connection: Connection, of: Partitioned) -> list[tuple[str, int | None, int]]:
    """Name and bounds of each partition but the rest; the first one of a former version has no lower bound."""
    rows = await select(
        connection,
        """SELECT name, substring(bounds FROM 'FROM \\(''?(-?[0-9]+)')::bigint AS lower,
            substring(bounds FROM 'TO \\(''?(-?[0-9]+)')::bigint AS upper
        FROM (
            SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass
        ) p WHERE bounds <> 'DEFAULT'""",
        of.table,
    )
    return [(row["name"], row["lower"], row["upper"]) for row in rows]


async def _stored_columns(connection: Connection, table: str) -> list[str]:
    rows = await select(
        connection,
        """SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
        AND NOT attisdropped AND attgenerated = '' ORDER BY attnum""",
        table,
    )
    return [row["name"] for row in rows]
