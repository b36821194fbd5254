"""PostgreSQL: a pool that waits for its server, and versioned migrations, each owned by one service."""

import asyncio
import hashlib
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from pydantic import AfterValidator, SecretStr
from structlog import get_logger

from common.runtime.backoff import Backoff
from common.runtime.outages import OUTAGES

OUTAGES += [psycopg.OperationalError, PoolTimeout, PoolClosed]

CONNECT_LIMIT_S = 5
_LOCK_KEY = 0x41_49_43_4F  # "AICO": every service's migrations take turns.

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
    """A migration that was applied has changed since, or one is missing."""


async def open_pool(database_url: str, *, min_size: int = 1, max_size: int = 4, autocommit: bool = False) -> Pool:
    """A pool with at least one good connection; waits for the server as long as it takes, and logs that it waits.

    With `autocommit` no BEGIN and COMMIT travel: each statement, or each pipeline as a whole, is a transaction.
    """
    pool: Pool = AsyncConnectionPool(
        database_url,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=CONNECT_LIMIT_S,
        kwargs={"connect_timeout": CONNECT_LIMIT_S, "options": "-c synchronous_commit=on -c timezone=UTC"}
        | {"autocommit": autocommit},
        check=_check,
    )
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
    """The folder of a service's migrations: in its package `storage`, or in the service's own package."""
    folder = files(owner).joinpath("storage", "migrations")
    return folder if folder.is_dir() else files(owner).joinpath("migrations")


async def migrate(pool: Pool, owner: str) -> int:
    """Applies the service `owner`'s migrations/NNNN_name.sql not yet applied, in order; returns how many.

    Raises MigrationError when an applied file differs from what was applied.
    """
    folder = migrations_of(owner)
    scripts = sorted(
        (entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
    applied = 0
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (owner text, name text, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (owner, name))"
        )
        rows = await connection.execute("SELECT name, checksum FROM schema_migrations WHERE owner = %s", (owner,))
        known = dict(await rows.fetchall())
        for name, script in scripts:
            checksum = hashlib.sha256(script.encode()).hexdigest()
            if name in known:
                if known.pop(name) != checksum:
                    raise MigrationError(f"{owner}: migration {name} was changed after it had been applied")
                continue
            await connection.execute(script.encode())
            await connection.execute(
                "INSERT INTO schema_migrations (owner, name, checksum) VALUES (%s, %s, %s)", (owner, name, checksum)
            )
            applied += 1
    if known:
        raise MigrationError(f"{owner}: the database has {sorted(known)} applied, which this version does not know")
    return applied
