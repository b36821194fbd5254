"""The database of the simulation: the services' own SQL and migrations on SQLite in memory, behind a pool.

One transaction runs at a time; what a killed or failed one had written is rolled back.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from common.runtime.database import migrations_of
from simulation.loop import OWNER

FaultPoint = Callable[[str], Awaitable[None]]
"""Awaited before and after each step, by name: where time passes, faults happen and processes are killed."""

_DISTINCT_ON = re.compile(r"SELECT DISTINCT ON \((\w+)\) \*(.*?)ORDER BY (.*)$", re.DOTALL)
_REWRITTEN = (
    (re.compile(r"= ANY\(%s\)"), "IN (SELECT value FROM json_each(%s))"),
    (re.compile(r"%s"), "?"),
    (re.compile(r"\bbigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\b"), "INTEGER PRIMARY KEY AUTOINCREMENT"),
    (re.compile(r"\btimestamptz NOT NULL DEFAULT now\(\)"), "text"),
    (re.compile(r"\bFOR UPDATE( SKIP LOCKED)?\b"), ""),
    (re.compile(r"::\w+"), ""),
    # SQLite can't change a constraint; the contract suite checks them on PostgreSQL.
    (re.compile(r"CHECK \(\w+ IN\s*\([^)]*\)\)"), ""),
    (re.compile(r"ALTER TABLE \w+ (DROP|ADD) CONSTRAINT [^;]*;"), ""),
)
_IS_READ = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


_PLAIN = (str, int, type(None), bool, float)


def _adapted(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Jsonb):
        return json.dumps(value.obj)
    if isinstance(value, list | tuple):
        return json.dumps([_adapted(each) for each in value])
    return value


def _greatest(*values: Any) -> Any:
    found = [value for value in values if value is not None]
    return max(found, key=lambda value: Decimal(str(value)), default=None)


def _json_type(text: str | None) -> str | None:
    """Distinguishes only the types that the services ask for."""
    if text is None:
        return None
    return {dict: "object", list: "array", type(None): "null"}.get(type(json.loads(text)), "scalar")


def portable(query: str) -> str:
    """A statement for PostgreSQL, translated for SQLite."""
    found = _DISTINCT_ON.search(query)
    if found is not None:
        column, rest, order = found.groups()
        ranked = f"SELECT *, row_number() OVER (PARTITION BY {column} ORDER BY {order}) AS place {rest}"
        query = f"SELECT * FROM ({ranked}) WHERE place = 1"
    for pattern, replacement in _REWRITTEN:
        query = pattern.sub(replacement, query)
    return query


class Database:
    """The server: its contents outlive every process."""

    def __init__(self) -> None:
        self._sqlite = sqlite3.connect(":memory:", isolation_level=None, detect_types=sqlite3.PARSE_DECLTYPES)
        self._sqlite.create_function("greatest", -1, _greatest, deterministic=True)
        self._sqlite.create_function("jsonb_typeof", 1, _json_type, deterministic=True)
        self._sqlite.create_function("strpos", 2, lambda text, part: text.find(part) + 1, deterministic=True)
        self._sqlite.create_function("now", 0, lambda: "")
        self._portable: dict[str, str] = {}
        self._reads: dict[str, bool] = {}
        self.turn = asyncio.Lock()

    def migrate(self, *owners: str) -> None:
        """Applies the migrations of services."""
        for owner in owners:
            folder = migrations_of(owner)
            for script in sorted(each.name for each in folder.iterdir() if each.name.endswith(".sql")):
                self._sqlite.executescript(portable(folder.joinpath(script).read_text(encoding="utf-8")))

    def create(self, owner: str, *tables: str) -> None:
        """Makes some of a service's tables, as its migrations leave them."""
        folder = migrations_of(owner)
        scripts = sorted((each.name, each) for each in folder.iterdir() if each.name.endswith(".sql"))
        text = "\n".join(each.read_text(encoding="utf-8") for _, each in scripts)
        for table in tables:
            found = re.findall(
                rf"^CREATE TABLE {table} \(.*?\n\);|^ALTER TABLE {table} [^;]*;", text, re.DOTALL | re.MULTILINE
            )
            if not found:
                raise LookupError(f"{owner} has no table {table}")
            for statement in found:
                self._sqlite.executescript(portable(statement))

    def run(self, query: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        statement = self._portable.get(query)
        if statement is None:
            statement = self._portable[query] = portable(query)
        try:
            return self._sqlite.execute(statement, [_adapted(value) for value in parameters])
        except sqlite3.IntegrityError as error:
            raise psycopg.errors.UniqueViolation(f"{error}: {statement}") from error
        except sqlite3.Error as error:
            if "no such table" in str(error):
                raise psycopg.errors.UndefinedTable(str(error)) from error
            raise psycopg.ProgrammingError(f"{error}: {statement}") from error

    def is_read(self, query: str) -> bool:
        """Whether a statement changes nothing."""
        if query not in self._reads:
            self._reads[query] = _IS_READ.match(query) is not None
        return self._reads[query]

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, read from outside any transaction and without waiting."""
        cursor = self.run(query, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        self._sqlite.close()


class Pool:
    """One process's pool of connections; stands in for psycopg_pool's."""

    def __init__(self, database: Database, fault_point: FaultPoint) -> None:
        self._database, self._fault_point = database, fault_point

    def connection(self) -> "_Transaction":
        return _Transaction(self._database, self._fault_point)

    async def close(self) -> None: ...


class _Transaction:
    """A connection from the pool for one transaction.

    Its process can't be frozen while it waits for its turn or has it: the others would wait with it.
    """

    def __init__(self, database: Database, fault_point: FaultPoint) -> None:
        self._database, self._fault_point = database, fault_point
        self._owner = OWNER.get()

    async def __aenter__(self) -> "Connection":
        await self._fault_point("database.connect")
        if self._owner is not None:
            self._owner.open_transactions += 1
        try:
            await self._database.turn.acquire()
        except BaseException:
            self._leave()
            raise
        self._connection = Connection(self._database, self._fault_point)
        return self._connection

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        connection = self._connection
        try:
            try:
                if error is None:
                    await connection.before_commit()
            except BaseException:
                connection.end("ROLLBACK")
                raise
            connection.end("COMMIT" if error is None else "ROLLBACK")
        finally:
            self._database.turn.release()
            self._leave()
        if error is None and connection.has_written:
            await self._fault_point("database.committed")

    def _leave(self) -> None:
        if self._owner is not None:
            self._owner.open_transactions -= 1


class Connection:
    """One transaction."""

    def __init__(self, database: Database, fault_point: FaultPoint) -> None:
        self._database, self._fault_point = database, fault_point
        self._is_open = self.has_written = False

    async def before_commit(self) -> None:
        """The fault point before a commit."""
        if self.has_written:
            await self._fault_point("database.commit")

    def end(self, statement: str) -> None:
        if self._is_open:
            self._database.run(statement, ())
            self._is_open = False

    async def execute(self, query: bytes | str, parameters: Sequence[Any] = ()) -> "Cursor":
        return await self.cursor().execute(query, parameters)

    def cursor(self, row_factory: Any = None) -> "Cursor":
        return Cursor(self, row_factory is dict_row)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield

    async def commit(self) -> None:
        """No effect: the transaction is committed when the connection is released."""

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[None]:
        yield

    async def run(self, query: bytes | str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        text = query.decode() if isinstance(query, bytes) else query
        is_write = not self._database.is_read(text)
        self.has_written = self.has_written or is_write
        await self._fault_point("database.write" if is_write else "database.statement")
        if not self._is_open:
            self._database.run("BEGIN", ())
            self._is_open = True
        return self._database.run(text, parameters)


class Cursor:
    """Rows as tuples or as dicts."""

    def __init__(self, connection: Connection, as_dicts: bool) -> None:
        self._connection, self._as_dicts = connection, as_dicts
        self._found: list[Any] = []
        self.rowcount = -1

    async def __aenter__(self) -> "Cursor":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def execute(self, query: bytes | str, parameters: Sequence[Any] = ()) -> "Cursor":
        cursor = await self._connection.run(query, parameters)
        self._found = cursor.fetchall() if cursor.description else []
        self.rowcount = len(self._found) if cursor.description else cursor.rowcount
        if self._as_dicts and cursor.description:
            names = [column[0] for column in cursor.description]
            self._found = [dict(zip(names, row, strict=True)) for row in self._found]
        return self

    async def executemany(self, query: bytes | str, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            await self.execute(query, row)

    async def fetchone(self) -> Any:
        return self._found.pop(0) if self._found else None

    async def fetchall(self) -> list[Any]:
        found, self._found = self._found, []
        return found


sqlite3.register_converter("numeric", lambda raw: Decimal(raw.decode()))
sqlite3.register_converter("jsonb", json.loads)
sqlite3.register_converter("boolean", lambda raw: raw != b"0")
