"""What a restore replaces in stores that the user has configured: what they hold, and whether they can be filled."""

import contextlib

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aicoin_local.process.backup.archive import ArchiveReader
from aicoin_local.process.backup.backup import REDIS
from aicoin_local.process.backup.postgres_copy import count_rows
from aicoin_local.process.backup.redis_copy import probe_dump
from aicoin_local.settings import LocalSettings
from common.runtime.rights.tables import OWNERS, role_name


def held_by_given(settings: LocalSettings) -> dict[str, str]:
    """Which of the user's stores hold data, by the name that `--over` takes."""
    found = {}
    if settings.database_url is not None:
        with psycopg.connect(settings.database_url) as connection:
            if any(count_rows(connection).values()):
                name = str(conninfo_to_dict(settings.database_url).get("dbname"))
                found[name] = f"DATABASE_URL: the database {name} holds an arena"
    if settings.redis_url is not None:
        with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as client:
            if client.dbsize():
                found["redis"] = "REDIS_URL: that Redis holds keys, which would be deleted"
    return found


def refuse_unfillable(archive: ArchiveReader, settings: LocalSettings) -> None:
    """Tries, and takes back, what most often fails halfway: a role that is refused, a dump of another Redis.

    Raises the clients' errors.
    """
    if settings.database_url is not None:
        with psycopg.connect(settings.database_url) as connection:
            roles = [role_name(owner) for owner in OWNERS]
            rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (roles,)).fetchall()
            for (role,) in rows:
                connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
                connection.execute("RESET ROLE")
            connection.rollback()
    if settings.redis_url is not None:
        with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as client, archive.open(REDIS) as keys:
            probe_dump(client, keys)
