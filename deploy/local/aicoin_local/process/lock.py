"""One launcher per data folder: a lock that dies with its holder and names it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Held(Exception):
    """Another launcher holds the folder; `pid` is its process."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


class NoFolder(Exception):
    """The folder can't be made or written; the message says why."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder for this process. Raises Held or NoFolder."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = (folder / "lock").open("a+")
    except OSError as error:
        raise NoFolder(error.strerror) from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            text = lock.read().strip()
            raise Held(int(text) if text.isdigit() else None) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def holder(folder: Path) -> int | None:
    """The process that holds the folder now, or None."""
    if not folder.is_dir():
        return None
    try:
        with held(folder):
            return None
    except Held as error:
        return error.pid
