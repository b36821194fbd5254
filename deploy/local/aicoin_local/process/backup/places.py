"""Where an arena's data lies: its folder, and its stores, which are started for as long as they are needed."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aicoin_local.configuration.paper import FILE as PAPER_KEYS
from aicoin_local.configuration.runfile import read_run
from aicoin_local.process.lock import held, holder
from aicoin_local.process.orphans import orphans
from aicoin_local.process.supervise import Supervisor
from aicoin_local.settings import LocalSettings
from aicoin_local.stores import (
    Store,
    StoreError,
    Throwaway,
    free_port,
    postgres_store,
    redis_store,
    wait_for_postgres,
    wait_for_redis,
)

DATABASE: Final = "simulator.sqlite"
STORE_FOLDERS: Final = ("redis", "postgres")
SERVICE_FOLDERS: Final = ("executor", "simulator")
LOCKS: Final = ("executor.lock",)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The administrator's addresses of both stores, and whether services write to them now."""

    redis_url: str
    database_url: str
    is_running: bool


@contextlib.contextmanager
def stores_of(settings: LocalSettings) -> Iterator[Addresses]:
    """The stores of the arena, running or stopped. A stopped one can't be started meanwhile.

    Raises StoreError, Held, NoFolder.
    """
    running = read_run(settings.data_dir) if holder(settings.data_dir) is not None else None
    if running is not None:
        yield Addresses(running["redis_url"], running["database_url"], is_running=True)
        return
    with held_alone(settings.data_dir), started_stores(settings, settings.data_dir) as addresses:
        yield addresses


@contextlib.contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Holds the folder, in which nothing of a killed launcher runs on. Raises StoreError, Held, NoFolder."""
    with held(folder):
        if Supervisor(folder).is_alive() or orphans(folder):
            raise StoreError("what is left of a killed arena still runs; make stop ends it")
        yield


@contextlib.contextmanager
def started_stores(settings: LocalSettings, folder: Path) -> Iterator[Addresses]:
    """Starts the stores of `folder`, on any free port, and stops them afterwards; those of the user run already."""
    with ExitStack() as stack:
        redis_url, database_url = settings.redis_url, settings.database_url
        if redis_url is None:
            redis_url = stack.enter_context(_started(redis_store(folder / "redis", free_port()), folder / "redis"))
            wait_for_redis(redis_url, log=folder / "redis" / LOG)
        if database_url is None:
            store = postgres_store(folder / "postgres", free_port())
            database_url = stack.enter_context(_started(store, folder / "postgres"))
            wait_for_postgres(database_url, log=folder / "postgres" / LOG)
        yield Addresses(redis_url, database_url, is_running=False)


LOG: Final = "backup.log"


@contextlib.contextmanager
def _started(store: Store, folder: Path) -> Iterator[str]:
    server = Throwaway(store, folder / LOG)
    try:
        yield store.url
    finally:
        server.stop()


def service_files(folder: Path) -> list[Path]:
    """What the services keep in files, relative to the folder: of the simulator its database alone, copied apart."""
    found = [Path(PAPER_KEYS)] if (folder / PAPER_KEYS).exists() else []
    for name in SERVICE_FOLDERS:
        found += [path.relative_to(folder) for path in sorted((folder / name).rglob("*")) if path.is_file()]
    return [path for path in found if path.name not in LOCKS and not path.name.startswith(DATABASE)]


def copy_database(source: Path, target: Path) -> bool:
    """A consistent copy of the simulator's database, also while it runs; whether there is one."""
    if not source.exists():
        return False
    with contextlib.closing(sqlite3.connect(source)) as original, contextlib.closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
    return True
