"""PostgreSQL: a pool that waits for its server, and the tables and views of each service at their newest version."""

import asyncio
import hashlib
import re
import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool
from pydantic import AfterValidator, SecretStr
from structlog import get_logger

from common.runtime.backoff import Backoff
from common.runtime.metrics.database import TimedCursor
from common.runtime.rights.tables import TABLES, grants_on, partition_rights, role_name

CONNECT_LIMIT_S: Final = 5
_LOCK_KEY: Final = 0x41_49_43_4F  # "AICO": every service's migrations take turns.

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


def _is_an_address(value: SecretStr) -> SecretStr:
    """Tries the address on libpq itself; its own error text may hold the password."""
    text = value.get_secret_value()
    try:
        if not text.startswith(("postgresql://", "postgres://")):
            raise ValueError
        for port in str(conninfo_to_dict(text).get("port", 0)).split(","):
            int(port)
    except (psycopg.ProgrammingError, ValueError):
        raise ValueError("can't be read; it must be postgresql://user:password@host:port/database") from None
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_an_address)]
"""DATABASE_URL as a setting."""


class MigrationError(Exception):
    """The database and this version's migrations and views don't fit together; the message names the first of it."""


async def open_pool(
    database_url: str, *, min_size: int = 1, max_size: int = 4, autocommit: bool = False, waits: bool = True
) -> Pool:
    """A pool with at least one good connection; waits for the server as long as it takes, and logs that it waits.

    Without `waits` the pool connects whenever the server answers; until then its use raises PoolTimeout.
    With `autocommit` no BEGIN and COMMIT travel: each statement, or each pipeline as a whole, is a transaction.
    """
    pool: Pool = AsyncConnectionPool(
        database_url,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=CONNECT_LIMIT_S,
        kwargs={"connect_timeout": CONNECT_LIMIT_S, "options": "-c synchronous_commit=on -c timezone=UTC"}
        | {"autocommit": autocommit, "cursor_factory": TimedCursor},
        check=_check,
    )
    if not waits:
        await pool.open()
        return pool
    await _wait_for_server(database_url)
    await pool.open(wait=True, timeout=CONNECT_LIMIT_S * 2)
    return pool


class KeptConnection:
    """One connection of a pool, kept between uses: taking it from the pool costs a tenth of a millisecond each time.

    Uses take turns. After an error, or once the server has closed the connection, it goes back to the pool, which
    replaces it, and the next use takes another one.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """The connection. Raises as the pool does when it has none."""
        async with self._turn:
            if self._kept is not None and (self._kept.closed or _has_unread_data(self._kept)):
                await self._return_to_pool()
            if self._kept is None:
                self._kept = await self._pool.getconn()
            try:
                yield self._kept
            except BaseException:
                await self._return_to_pool()
                raise

    async def close(self) -> None:
        """Closes the pool with it."""
        await self._return_to_pool()
        await self._pool.close()

    async def _return_to_pool(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            await self._pool.putconn(kept)


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    """Tests a connection only if the server has sent something unrequested: that it is closing."""
    if _has_unread_data(connection):
        await AsyncConnectionPool.check_connection(connection)


def _has_unread_data(connection: psycopg.AsyncConnection[Any]) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _wait_for_server(database_url: str) -> None:
    pause = Backoff(base_s=0.2, cap_s=5)
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(database_url, connect_timeout=CONNECT_LIMIT_S)
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            get_logger().warning("PostgreSQL does not answer; check DATABASE_URL; trying again", reason=reason)
            await asyncio.sleep(pause.next_s())
        else:
            await connection.close()
            return


def migrations_of(owner: str) -> Traversable:
    """The folder of a service's migrations."""
    return files(owner).joinpath("storage", "migrations")


async def migrate(pool: Pool, owner: str, *, to: str | None = None, role: str | None = None) -> int:
    """Brings the tables and views of the service `owner` to this version; returns how many migrations it applied.

    `storage/migrations/NNNN_name.sql` change tables: each is applied once, in the order of the names, and never
    changes again. `storage/migrations/down/` holds, under the same name, what takes one back.
    `views/name.sql` each create the one view or function of their name, which hold no data: when a text among them has
    changed, or a migration is due, all of them are dropped first and created again last, a view after those that it
    mentions. So a view may change its columns, and a migration any column of a table that a view shows.

    `to` names the last migration that shall be applied. Later ones are taken back, newest first, and counted as well.
    Short of this version there are no views: the version that these tables are of makes its own at its start.
    An administrator names the `role` to act as; then what is made is that role's.

    All of it is one transaction under one lock for all services: readers see the database before or after it, services
    that start together take turns, and a failure leaves everything as it was. Last come the readers' rights, as
    `common.runtime.rights.tables` lists them, where this database has roles for them.

    Raises MigrationError when an applied migration has changed or is missing here, when one that shall be taken back
    has no file for that, when a file in views/ creates something else than its name says, and when something that is
    not in views/ depends on a view.
    """
    scripts, views = _scripts(migrations_of(owner)), _in_creation_order(owner, files(owner).joinpath("views"))
    wanted = _up_to(owner, scripts, to)
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        if role is not None:
            await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for definition in VERSION_TABLES.values():
            await connection.execute(definition.encode())
        applied = await _applied_migrations(connection, owner, scripts)
        due = {name: script for name, script in wanted.items() if name not in applied}
        undone = sorted(applied - wanted.keys(), reverse=True)
        created = await _created_views(connection, owner)
        is_stale = bool(due or undone) or created != {name: _checksum(script) for name, script in views.items()}
        if is_stale:
            await _drop_views(connection, owner)
        for name in undone:
            await connection.execute(_taking_back(owner, name).encode())
            await connection.execute("DELETE FROM schema_migrations WHERE owner = %s AND name = %s", (owner, name))
        for name, script in due.items():
            await connection.execute(script.encode())
            await connection.execute(
                "INSERT INTO schema_migrations (owner, name, checksum) VALUES (%s, %s, %s)",
                (owner, name, _checksum(script)),
            )
        if is_stale and wanted == scripts:
            await _create_views(connection, owner, views)
        await _grant_to_readers(connection, owner)
    return len(due) + len(undone)


def known_migrations(owner: str) -> dict[str, str]:
    """Checksum by name of this version's migrations of a service, in order."""
    return {name: _checksum(script) for name, script in _scripts(migrations_of(owner)).items()}


def _up_to(owner: str, scripts: Mapping[str, str], last: str | None) -> dict[str, str]:
    if last is not None and last not in scripts:
        raise MigrationError(f"{owner}: there is no migration {last}")
    return {name: script for name, script in scripts.items() if last is None or name <= last}


def _taking_back(owner: str, name: str) -> str:
    script = migrations_of(owner).joinpath("down", name)
    if not script.is_file():
        raise MigrationError(f"{owner}: {name} can't be taken back; restore a backup of the version before it")
    return script.read_text(encoding="utf-8")


VERSION_TABLES: Final = {
    "schema_migrations": """CREATE TABLE IF NOT EXISTS schema_migrations (owner text, name text, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (owner, name))""",
    "schema_views": """CREATE TABLE IF NOT EXISTS schema_views (owner text, name text, kind text NOT NULL,
    checksum text NOT NULL, place integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, name))""",
}


def _scripts(folder: Traversable) -> dict[str, str]:
    """Text by file name, in the order of the names; nothing where there is no such folder."""
    if not folder.is_dir():
        return {}
    entries = sorted((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {name: entry.read_text(encoding="utf-8") for name, entry in entries}


def _checksum(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()


def _in_creation_order(owner: str, folder: Traversable) -> dict[str, str]:
    """The text of each view and function by its name, each after those that its statement mentions."""
    scripts = {name.removesuffix(".sql"): script for name, script in _scripts(folder).items()}
    mentioned: dict[str, set[str]] = {}
    for name, script in scripts.items():
        if [created for _, created in _CREATED.findall(script)] != [name]:
            raise MigrationError(f"{owner}: views/{name}.sql must create the view or function {name} and nothing else")
        words = set(re.findall(r"\w+", re.sub(r"--.*", "", script)))
        mentioned[name] = words & scripts.keys() - {name}
    try:
        order = tuple(TopologicalSorter(mentioned).static_order())
    except CycleError as error:
        raise MigrationError(f"{owner}: these files in views/ mention each other: {', '.join(error.args[1])}") from None
    return {name: scripts[name] for name in order}


_CREATED = re.compile(r"^CREATE (VIEW|FUNCTION) (\w+)", re.MULTILINE)


async def _applied_migrations(
    connection: psycopg.AsyncConnection[Any], owner: str, scripts: Mapping[str, str]
) -> set[str]:
    rows = await connection.execute("SELECT name, checksum FROM schema_migrations WHERE owner = %s", (owner,))
    applied: dict[str, str] = dict(await rows.fetchall())
    if unknown := sorted(applied.keys() - scripts.keys()):
        raise MigrationError(f"{owner}: the database has {unknown} applied, which this version does not know")
    for name, checksum in applied.items():
        if checksum != _checksum(scripts[name]):
            raise MigrationError(f"{owner}: migration {name} was changed after it had been applied")
    return set(applied)


async def _created_views(connection: psycopg.AsyncConnection[Any], owner: str) -> dict[str, str]:
    rows = await connection.execute("SELECT name, checksum FROM schema_views WHERE owner = %s", (owner,))
    return dict(await rows.fetchall())


async def _grant_to_readers(connection: psycopg.AsyncConnection[Any], owner: str) -> None:
    """Nothing where the service connects as someone else than its own role: then the database has no roles."""
    [(role,)] = await (await connection.execute("SELECT current_user")).fetchall()
    if role != role_name(owner):
        return
    for table in TABLES.get(owner, {}):
        rows = await connection.execute(
            """SELECT to_regclass(%(table)s) IS NOT NULL, ARRAY(
                SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%(table)s)
            )""",
            {"table": table},
        )
        [(is_there, partitions)] = await rows.fetchall()
        statements = grants_on(table, owner) if is_there else ()
        for partition in partitions:
            statements += partition_rights(table, partition, owner)
        for statement in statements:
            await connection.execute(statement.encode())


async def _drop_views(connection: psycopg.AsyncConnection[Any], owner: str) -> None:
    """Drops what `_create_views` created, last created first. Never by CASCADE, which could take a column along."""
    rows = await connection.execute("DELETE FROM schema_views WHERE owner = %s RETURNING place, kind, name", (owner,))
    for _, kind, name in sorted(await rows.fetchall(), reverse=True):
        try:
            await connection.execute(f"DROP {kind} IF EXISTS {name}".encode())
        except psycopg.errors.DependentObjectsStillExist as error:
            raise MigrationError(f"{owner}: {error}") from error


async def _create_views(connection: psycopg.AsyncConnection[Any], owner: str, scripts: dict[str, str]) -> None:
    for place, (name, script) in enumerate(scripts.items()):
        await connection.execute(script.encode())
        [(kind, _)] = _CREATED.findall(script)
        await connection.execute(
            "INSERT INTO schema_views (owner, name, kind, checksum, place) VALUES (%s, %s, %s, %s, %s)",
            (owner, name, kind, _checksum(script), place),
        )
