"""Statements over the recorder's tables, each for many rows at once. SQL that runs on PostgreSQL 15 to 18."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import dict_row

Connection = AsyncConnection[Any]
Row = dict[str, Any]

_STATUS_COLUMNS: Final = ("status", "status_rank", "reason")


async def select(connection: Connection, query: str, *parameters: Any) -> list[Row]:
    """The rows that a query finds, by column name."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def insert(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Inserts rows of one table; a row whose key is stored already is left as it is."""
    if not rows:
        return
    columns = list(rows[0])
    query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_places(columns)}) ON CONFLICT DO NOTHING"  # noqa: S608
    async with connection.cursor() as cursor:
        await cursor.executemany(query.encode(), [tuple(row.values()) for row in rows])


async def insert_new(connection: Connection, table: str, rows: Sequence[Row], key: str) -> set[Any]:
    """Inserts rows as `insert` does; returns the keys of those that were not stored yet."""
    if not rows:
        return set()
    columns, found = list(rows[0]), set()
    query = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_places(columns)})"  # noqa: S608
        f" ON CONFLICT DO NOTHING RETURNING {key}"
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(query.encode(), [tuple(row.values()) for row in rows], returning=True)
        is_more: bool | None = True
        while is_more:
            found |= {value for (value,) in await cursor.fetchall()}
            is_more = cursor.nextset()
    return found


async def upsert(connection: Connection, table: str, key: str, row: Row) -> None:
    """Writes some columns of the row with this key, which is inserted when there is none."""
    columns = list(row)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    query = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_places(columns)})"  # noqa: S608
        f" ON CONFLICT ({key}) DO UPDATE SET {updates}"
    )
    await connection.execute(query.encode(), tuple(row.values()))


async def upsert_orders(connection: Connection, rows: Sequence[Row]) -> None:
    """Writes orders as their events describe them, whichever event comes first.

    A known value stays, a missing one is filled in; status and reason are replaced by those of an equal or later rank.
    """
    if not rows:
        return
    columns = list(rows[0])
    kept = ", ".join(
        f"{name} = coalesce(orders.{name}, excluded.{name})" for name in columns if name not in _STATUS_COLUMNS
    )
    later = ", ".join(
        f"{name} = CASE WHEN excluded.status_rank >= orders.status_rank THEN excluded.{name} ELSE orders.{name} END"
        for name in _STATUS_COLUMNS
    )
    query = (
        f"INSERT INTO orders ({', '.join(columns)}) VALUES ({_places(columns)})"  # noqa: S608
        f" ON CONFLICT (client_order_id) DO UPDATE SET {kept}, {later}"
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(query.encode(), [tuple(row.values()) for row in rows])


def _places(columns: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(columns))
