"""Which migrations the tables have, and how they come to have fewer or more."""

import asyncio

import psycopg

from aicoin_local.process.backup.postgres_copy import applied_migrations
from common.runtime.database import MigrationError, known_migrations, migrate, open_pool
from common.runtime.rights.tables import OWNERS, role_name

MAKES_TABLES = "SELECT FROM pg_roles WHERE rolname = %s AND has_schema_privilege(oid, 'public', 'CREATE')"


def versions(database_url: str) -> dict[str, str]:
    """Per owner of tables the newest applied migration, and how many of this version's are not applied."""
    with psycopg.connect(database_url) as connection:
        applied = applied_migrations(connection)
    found = {}
    for owner in OWNERS:
        missing = known_migrations(owner).keys() - applied[owner].keys()
        newest = max(applied[owner], default="none").removesuffix(".sql")
        found[owner] = f"{newest}{f', {len(missing)} to come' if missing else ''}"
    return found


def migrate_to(database_url: str, owner: str, number: int) -> str:
    """Applies or takes back migrations until this number's is the last one; says what was done.

    Raises MigrationError.
    """
    last = [name for name in known_migrations(owner) if int(name.split("_")[0]) <= number]
    if not last or int(last[-1].split("_")[0]) != number:
        raise MigrationError(f"{owner}: there is no migration {number}")
    changed = run_migrate(database_url, owner, last[-1])
    return f"{changed} migrations applied or taken back"


def run_migrate(database_url: str, owner: str, last: str) -> int:
    """Migrates as the owner's role, where it may make tables in this database, so that what is made is the owner's.

    Roles are the server's: one that another database's arena has may have no right here.
    """
    return asyncio.run(_migrate(database_url, owner, last))


async def _migrate(database_url: str, owner: str, last: str) -> int:
    pool = await open_pool(database_url)
    try:
        async with pool.connection() as connection:
            found = await connection.execute(MAKES_TABLES, (role_name(owner),))
            makes_tables = await found.fetchone() is not None
        return await migrate(pool, owner, to=last, role=role_name(owner) if makes_tables else None)
    finally:
        await pool.close()
