"""Restores a backup into an empty place, or over one that is named; the arena that starts there continues it."""

import contextlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from aicoin_local.configuration.paper import FILE as PAPER_KEYS
from aicoin_local.configuration.rights import Rights, load_passwords
from aicoin_local.process.backup.archive import CHUNK_BYTES, ArchiveReader, DamagedBackup
from aicoin_local.process.backup.backup import FILES, REDIS, write_backup
from aicoin_local.process.backup.crypt import decrypt, is_encrypted
from aicoin_local.process.backup.places import SERVICE_FOLDERS, STORE_FOLDERS, Addresses, held_alone, started_stores
from aicoin_local.process.backup.postgres_copy import count_rows, drop_everything, load_tables
from aicoin_local.process.backup.redis_copy import load_keys
from aicoin_local.process.backup.replaced import held_by_given, refuse_unfillable
from aicoin_local.process.backup.versions import run_migrate
from aicoin_local.settings import LocalSettings
from common.events.catalog import services_of
from common.runtime.database import known_migrations

PARTIAL: Final = "restore.partial"


class RestoreError(Exception):
    """Nothing was restored; the message says why and what to do."""


def restore(
    settings: LocalSettings, source: Path, passphrase: str | None, contenders: Sequence[str], over: Collection[str]
) -> tuple[dict[str, Any], list[Path]]:
    """Restores; returns the manifest, and where the data lies that was there before.

    The stores are filled in a folder of their own, which takes the place of the present ones at the very end: a restore
    that fails leaves the place as it was. What stores of the user hold is written to a file first, and put back when
    they can't be filled. `over` are the names of places that may be restored over.

    Raises RestoreError, DamagedBackup, StoreError, Held, NoFolder, OSError, MigrationError, and the clients' errors.
    """
    folder = settings.data_dir
    with held_alone(folder), _opened(folder, source, passphrase) as archive:
        _refuse_unfit(archive.manifest, settings)
        _refuse_occupied(settings, over)
        staging, before = folder / PARTIAL, folder / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        try:
            _extract_files(archive, staging)
            with started_stores(settings, staging) as stores:
                refuse_unfillable(archive, settings)
                copy = None
                if held_by_given(settings):
                    copy = before.with_suffix(".zip" if passphrase is None else ".zip.enc"), passphrase
                    write_backup(settings, contenders, stores, *copy)
                _replace(archive, settings, stores, contenders, copy)
            moved = _put_in_place(staging, folder, before)
            return archive.manifest, moved if copy is None else [*moved, copy[0]]
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _opened(folder: Path, source: Path, passphrase: str | None) -> Iterator[ArchiveReader]:
    """The backup, decrypted and checked."""
    plain = source
    if is_encrypted(source):
        if passphrase is None:
            raise RestoreError(f"{source} is encrypted; give its passphrase")
        plain = folder / f"{PARTIAL}.zip"
        plain.unlink(missing_ok=True)
    try:
        if plain != source and passphrase is not None:
            decrypt(source, plain, passphrase)
        archive = ArchiveReader(plain)
        try:
            yield archive
        finally:
            archive.close()
    finally:
        if plain != source:
            plain.unlink(missing_ok=True)


def _refuse_unfit(manifest: Mapping[str, Any], settings: LocalSettings) -> None:
    if manifest["hyperliquid_env"] != settings.hyperliquid_env:
        raise RestoreError(
            f"HYPERLIQUID_ENV: the backup is of {manifest['hyperliquid_env']}, this is {settings.hyperliquid_env}"
        )
    for owner, applied in manifest["migrations"].items():
        known = known_migrations(owner)
        if strange := sorted(name for name, checksum in applied.items() if known.get(name) != checksum):
            raise RestoreError(
                f"the backup is of version {manifest['version']}, whose tables this version does not know "
                f"({owner}: {strange[0]}); restore it with that version"
            )


def _refuse_occupied(settings: LocalSettings, over: Collection[str]) -> None:
    occupied = {name: what for name, what in _occupied(settings).items() if name not in over}
    if occupied:
        names = " ".join(f"--over {name}" for name in occupied)
        by_make = f'OVER="{" ".join(occupied)}"'
        raise RestoreError(f"{'; '.join(occupied.values())}. To restore over it: {names}, with make: {by_make}")


def _occupied(settings: LocalSettings) -> dict[str, str]:
    """What holds data already, by the name that it is to be named by."""
    found = {}
    folder = settings.data_dir
    if any(_has_files(folder / name) for name in (*STORE_FOLDERS, *SERVICE_FOLDERS, PAPER_KEYS)):
        found[folder.name] = f"AICOIN_DATA_DIR: {settings.aicoin_data_dir} holds an arena"
    return found | held_by_given(settings)


def _has_files(path: Path) -> bool:
    return path.is_file() or any(each.is_file() for each in path.rglob("*"))


def _replace(
    archive: ArchiveReader,
    settings: LocalSettings,
    stores: Addresses,
    contenders: Sequence[str],
    copy: tuple[Path, str | None] | None,
) -> None:
    """Fills the stores; those of the user are emptied first, and get back what `copy` holds when that fails."""
    try:
        _fill_tables(archive, settings, stores, contenders)
        _fill_keys(archive, settings, stores)
    except Exception as error:
        if copy is None:
            raise
        path, passphrase = copy
        try:
            _put_back(path, passphrase, settings, stores, contenders)
        except Exception as second:
            raise RestoreError(
                f"{error}. What your stores held could not be put back ({second}); it is in {path}, "
                "and make restore brings it back"
            ) from error
        raise RestoreError(f"{error}. Your stores hold again what they held, which is in {path} as well") from error


def _put_back(
    path: Path, passphrase: str | None, settings: LocalSettings, stores: Addresses, contenders: Sequence[str]
) -> None:
    """Fills the user's stores from the file that holds what they held."""
    with _opened(settings.data_dir, path, passphrase) as before:
        if settings.database_url is not None:
            _fill_tables(before, settings, stores, contenders)
        if settings.redis_url is not None:
            _fill_keys(before, settings, stores)


def _fill_tables(archive: ArchiveReader, settings: LocalSettings, stores: Addresses, contenders: Sequence[str]) -> None:
    services = services_of(tuple(contenders))
    if settings.database_url is None:
        Rights(services, load_passwords(settings.data_dir, services), None, stores.database_url).make()
    else:
        with psycopg.connect(stores.database_url) as connection:
            drop_everything(connection)
    for owner, applied in archive.manifest["migrations"].items():
        if applied:
            run_migrate(stores.database_url, owner, max(applied))
    with psycopg.connect(stores.database_url) as connection:
        load_tables(connection, archive.manifest, archive.open)
        expected = {name: table["rows"] for name, table in archive.manifest["tables"].items()}
        if (counted := count_rows(connection)) != expected:
            raise DamagedBackup(f"restored {counted}, the manifest says {expected}")


def _fill_keys(archive: ArchiveReader, settings: LocalSettings, stores: Addresses) -> None:
    with contextlib.closing(redis.Redis.from_url(stores.redis_url)) as client, archive.open(REDIS) as keys:
        if settings.redis_url is not None:
            client.flushdb()
        if load_keys(client, keys) != archive.manifest["redis_keys"]:
            raise DamagedBackup("not all keys of Redis are in it")


def _extract_files(archive: ArchiveReader, staging: Path) -> None:
    for name, mode in archive.manifest["modes"].items():
        path = staging / name
        if not path.resolve().is_relative_to(staging.resolve()):
            raise DamagedBackup(f"{name} leads out of the folder")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        with archive.open(FILES + name) as source, path.open("wb") as out:
            while data := source.read(CHUNK_BYTES):
                out.write(data)
        path.chmod(mode)


def _put_in_place(staging: Path, folder: Path, before: Path) -> list[Path]:
    """Moves what was restored into place, and what was there before into `before`, which is returned if made."""
    for name in (*STORE_FOLDERS, *SERVICE_FOLDERS, PAPER_KEYS):
        if (folder / name).exists():
            before.mkdir(mode=0o700, exist_ok=True)
            (folder / name).rename(before / name)
    for path in staging.iterdir():
        path.rename(folder / path.name)
    return [before] if before.exists() else []
