"""Writes a backup of a stopped or a running arena.

A running arena is cut where a crash could have cut it. Writes to Redis are held back for a moment; within it
PostgreSQL's snapshot begins and Redis is read. So Redis holds nothing whose cause the tables lack, and the tables may
be ahead of it as after a crash of every service. Files, and the paper exchange, are copied after that: an exchange that
is ahead of the tables is what every start meets.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import psycopg
import redis

from aicoin_local.process.backup.archive import CHUNK_BYTES, ArchiveReader, ArchiveWriter
from aicoin_local.process.backup.crypt import encrypt
from aicoin_local.process.backup.places import DATABASE, Addresses, copy_database, service_files, stores_of
from aicoin_local.process.backup.postgres_copy import (
    Connection,
    applied_migrations,
    dump_tables,
    newest_decision_at,
    open_snapshot,
)
from aicoin_local.process.backup.redis_copy import dump_keys, paused_writes
from aicoin_local.settings import LocalSettings
from common.version import VERSION

PAUSE_LIMIT_MS: Final = 4_000
"""Less than what an owner of a lease, or a command, waits for Redis."""
PARTIAL: Final = "backup.partial"
FILES: Final = "files/"
REDIS: Final = "redis"


class BackupError(Exception):
    """No backup was made; the message says why and what to do."""


def make_backup(
    settings: LocalSettings, contenders: Sequence[str], target: Path, passphrase: str | None
) -> dict[str, Any]:
    """Writes the backup into `target`, which must not exist; returns its manifest. Every part has been read again.

    Raises BackupError, StoreError, Held, NoFolder, OSError, and the clients' errors.
    """
    if target.exists():
        raise BackupError(f"{target} exists already")
    _refuse_absent(settings)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with stores_of(settings) as stores:
        return write_backup(settings, contenders, stores, target, passphrase)


def write_backup(
    settings: LocalSettings, contenders: Sequence[str], stores: Addresses, target: Path, passphrase: str | None
) -> dict[str, Any]:
    """As `make_backup`, of stores that answer."""
    plain = settings.data_dir / PARTIAL
    plain.unlink(missing_ok=True)
    try:
        manifest = _write(plain, settings, contenders, stores)
        ArchiveReader(plain).close()
        unfinished = target.with_name(f".{target.name}.new")
        _deliver(plain, unfinished, passphrase)
        unfinished.replace(target)
    finally:
        plain.unlink(missing_ok=True)
    return manifest


def _refuse_absent(settings: LocalSettings) -> None:
    """Before anything is made in a folder that holds no arena: a restore would find it occupied."""
    if settings.database_url is None:
        place = str(settings.aicoin_data_dir)
        is_there = (settings.data_dir / "postgres" / "data" / "PG_VERSION").exists()
    else:
        place = "the database of DATABASE_URL"
        with psycopg.connect(settings.database_url) as connection:
            is_there = any(applied_migrations(connection).values())
    if not is_there:
        raise BackupError(
            f"there is no arena in {place}; AICOIN_DATA_DIR, DATABASE_URL and REDIS_URL say where one lies"
        )


def _deliver(plain: Path, target: Path, passphrase: str | None) -> None:
    if passphrase is not None:
        encrypt(plain, target, passphrase)
        return
    target.touch(mode=0o600)
    with plain.open("rb") as source, target.open("wb") as out:
        _copy(source, out)


def _write(plain: Path, settings: LocalSettings, contenders: Sequence[str], stores: Addresses) -> dict[str, Any]:
    archive = ArchiveWriter(plain)
    about = {
        "version": VERSION,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "was_running": stores.is_running,
        "hyperliquid_env": settings.hyperliquid_env,
        "contenders": list(contenders),
    }
    with (
        contextlib.closing(redis.Redis.from_url(stores.redis_url)) as client,
        psycopg.connect(stores.database_url) as connection,
        TemporaryFile(dir=settings.data_dir) as keys,
    ):
        about["redis_keys"] = _cut(client, connection, keys, stores)
        with archive.part(REDIS) as part:
            _copy(keys, part)
        about |= dump_tables(connection, archive.part)
        about["newest_decision_at"] = newest_decision_at(connection)
    about["modes"] = _write_files(archive, settings.data_dir)
    return archive.close(about)


def _cut(client: "redis.Redis", connection: Connection, keys: IO[bytes], stores: Addresses) -> int:
    """Begins the snapshot of the tables and reads Redis at the same moment; returns the number of keys."""
    began = time.monotonic()
    with _held_back(client, stores):
        open_snapshot(connection)
        count = dump_keys(client, keys)
        is_over = stores.is_running and (time.monotonic() - began) * 1000 > PAUSE_LIMIT_MS
    if is_over:
        raise BackupError(f"Redis could not be read within {PAUSE_LIMIT_MS / 1000:.0f} s; stop the arena first")
    keys.seek(0)
    return count


@contextlib.contextmanager
def _held_back(client: "redis.Redis", stores: Addresses) -> Iterator[None]:
    if not stores.is_running:
        yield
        return
    try:
        with paused_writes(client, PAUSE_LIMIT_MS):
            yield
    except redis.exceptions.NoPermissionError:
        raise BackupError("the user in REDIS_URL may not pause Redis (CLIENT PAUSE); stop the arena first") from None


def _write_files(archive: ArchiveWriter, folder: Path) -> dict[str, int]:
    """Files of the services, and the paper exchange's database; returns each one's mode."""
    modes = {}
    for path in service_files(folder):
        try:
            content, mode = (folder / path).read_bytes(), (folder / path).stat().st_mode & 0o777
        except FileNotFoundError:
            continue  # A running executor replaces its files.
        with archive.part(FILES + path.as_posix()) as part:
            part.write(content)
        modes[path.as_posix()] = mode
    source, copy = folder / "simulator" / DATABASE, folder / f"{PARTIAL}.sqlite"
    try:
        if copy_database(source, copy):
            name = f"simulator/{DATABASE}"
            with archive.part(FILES + name) as part, copy.open("rb") as file:
                _copy(file, part)
            modes[name] = source.stat().st_mode & 0o777
    finally:
        copy.unlink(missing_ok=True)
    return modes


def _copy(source: IO[bytes], out: Any) -> None:
    while data := source.read(CHUNK_BYTES):
        out.write(data)
