"""PostgreSQL as parts of a backup: each table's rows as COPY writes them, all of one snapshot."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC
from graphlib import TopologicalSorter
from typing import IO, Any, Final, Protocol

import psycopg
from psycopg import sql

from common.runtime.rights.tables import OWNERS, TABLES

Connection = psycopg.Connection[Any]
CHUNK_BYTES: Final = 1 << 20
FOLDER: Final = "postgres/"


class Writer(Protocol):
    def write(self, data: bytes | bytearray | memoryview) -> int: ...


OpenPart = Callable[[str], AbstractContextManager[Writer]]


def open_snapshot(connection: Connection) -> None:
    """Begins a transaction that sees one state of the database from here on."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    connection.execute("SELECT count(*) FROM pg_class")


def dump_tables(connection: Connection, open_part: OpenPart) -> dict[str, Any]:
    """Writes a part per table; returns what a restore needs besides: migrations, columns, partitions, counters."""
    tables = {}
    for table in _stored_tables(connection):
        columns = _columns(connection, table)
        query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_names(columns), sql.Identifier(table))
        with open_part(FOLDER + table) as part, connection.cursor() as cursor:
            with cursor.copy(query) as copy:
                for data in copy:
                    part.write(data)
            tables[table] = {"rows": cursor.rowcount, "columns": columns}
        tables[table] |= {"partitions": _partitions(connection, table), "counters": _counters(connection, table)}
    return {"migrations": applied_migrations(connection), "tables": tables}


def newest_decision_at(connection: Connection) -> str | None:
    """When the newest decision was recorded (UTC, ISO 8601); None where none is."""
    if connection.execute("SELECT to_regclass('ai_decisions')").fetchone() == (None,):
        return None
    newest = connection.execute("SELECT created_at FROM ai_decisions ORDER BY time_ms DESC LIMIT 1").fetchone()
    return None if newest is None else newest[0].astimezone(UTC).isoformat(timespec="seconds")


def load_tables(connection: Connection, about: Mapping[str, Any], open_part: Callable[[str], IO[bytes]]) -> None:
    """Fills migrated, empty tables, in the connection's transaction."""
    for table in _parents_first(connection, about["tables"]):
        stored = about["tables"][table]
        for name, bounds in stored["partitions"].items():
            statement = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} ").format(
                *map(sql.Identifier, (name, table))
            )
            connection.execute(statement + sql.SQL(bounds))
            _give_to_owner_of(connection, table, name)
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(stored["columns"]))
        with open_part(FOLDER + table) as part, connection.cursor() as cursor, cursor.copy(query) as copy:
            while data := part.read(CHUNK_BYTES):
                copy.write(data)
        for sequence, (last, is_called) in stored["counters"].items():
            connection.execute("SELECT setval(%s, %s, %s)", (sequence, last, is_called))


def _give_to_owner_of(connection: Connection, table: str, partition: str) -> None:
    row = connection.execute(
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = %s::regclass", (table,)
    ).fetchone()
    owner = sql.SQL(row[0] if row else "CURRENT_USER")
    connection.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(partition), owner))


def count_rows(connection: Connection) -> dict[str, int]:
    """The rows of each of the arena's tables that are there."""
    counted = {}
    for table in _stored_tables(connection):
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counted[table] = int(row[0]) if row else 0
    return counted


def applied_migrations(connection: Connection) -> dict[str, dict[str, str]]:
    """Checksum by name of the migrations of each owner; nothing in a new database."""
    found: dict[str, dict[str, str]] = {owner: {} for owner in OWNERS}
    if connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
        return found
    rows = connection.execute("SELECT owner, name, checksum FROM schema_migrations ORDER BY name").fetchall()
    for owner, name, checksum in rows:
        found.setdefault(owner, {})[name] = checksum
    return found


def drop_everything(connection: Connection) -> None:
    """Drops the arena's views, functions and tables, and nothing else."""
    if connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
        return
    rows = connection.execute("SELECT kind, name FROM schema_views ORDER BY owner, place DESC").fetchall()
    for kind, name in rows:
        connection.execute(sql.SQL("DROP {} IF EXISTS {}").format(sql.SQL(kind), sql.Identifier(name)))
    for table in _stored_tables(connection):
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
    connection.execute("DELETE FROM schema_views")
    connection.execute("DELETE FROM schema_migrations")


def _stored_tables(connection: Connection) -> list[str]:
    listed = [name for tables in TABLES.values() for name in tables]
    rows = connection.execute(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND relname = ANY(%s) ORDER BY relname""",
        (listed,),
    )
    return [name for (name,) in rows]


def _columns(connection: Connection, table: str) -> list[str]:
    """Those that are stored, not generated."""
    rows = connection.execute(
        """SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        AND attgenerated = '' ORDER BY attnum""",
        (table,),
    )
    return [name for (name,) in rows]


def _partitions(connection: Connection, table: str) -> dict[str, str]:
    """Bounds by name."""
    rows = connection.execute(
        """SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = %s::regclass ORDER BY c.relname""",
        (table,),
    )
    return dict(rows.fetchall())


def _counters(connection: Connection, table: str) -> dict[str, tuple[int, bool]]:
    """Where the table's sequences are."""
    rows = connection.execute(
        """SELECT pg_get_serial_sequence(%(table)s, attname) FROM pg_attribute
        WHERE attrelid = %(table)s::regclass AND attidentity <> ''""",
        {"table": table},
    ).fetchall()
    return {name: _counter(connection, name) for (name,) in rows}


def _counter(connection: Connection, sequence: str) -> tuple[int, bool]:
    query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(*sequence.split(".")))
    last, is_called = connection.execute(query).fetchone() or (1, False)
    return int(last), bool(is_called)


def _parents_first(connection: Connection, tables: Sequence[str] | Mapping[str, Any]) -> Iterator[str]:
    """The tables, each after those that its foreign keys point to."""
    rows = connection.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    )
    graph: dict[str, set[str]] = {table: set() for table in tables}
    for table, parent in rows:
        if table in graph and parent in graph and table != parent:
            graph[table].add(parent)
    yield from TopologicalSorter(graph).static_order()


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
