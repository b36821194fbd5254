"""The halt files: they stop entries with neither Redis nor PostgreSQL, and outlive restarts."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from executor.domain.halt import HaltRecord, format_halt, parse_halt

LOCAL: Final = "halt"
COMMANDED: Final = "commanded-halt"
LOCK: Final = "executor.lock"


class FolderUse(StrEnum):
    """Whether an executor reads the halt files of a folder."""

    RUNNING = "an executor runs on it"
    STOPPED = "an executor has run on it, and none does now"
    NEVER = "no executor has ever run on it"
    UNKNOWN = "whether an executor runs on it is unknown"


class HaltFiles:
    """Files in the executor's data folder, each of which halts one account or all.

    `halt` and `halt-<contender>` are local: the kill switch makes them, or a person by hand, and `aicoin resume`
    removes them. `commanded-halt` and `commanded-halt-<contender>` mirror the halts that came by a command; the
    executor writes and removes them. `commanded` holds those as the table has them, so that a disk which takes no file
    lifts no halt.

    A name halts, whatever the file holds; a folder that can't be read halts every account, and so does a table that has
    not been read yet (`is_loaded`, which is its keeper's).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.commanded: tuple[HaltRecord, ...] = ()
        self.is_loaded = True
        with contextlib.suppress(OSError):  # The first look reports it: what can't be read halts.
            folder.mkdir(parents=True, exist_ok=True)

    def is_halted(self, model: str) -> bool:
        """Whether the account may not enter; read before each send."""
        if not self.is_loaded or any(halt.concerns(model) for halt in self.commanded):
            return True
        try:
            names = os.listdir(self._folder)
        except OSError:
            return True
        return any(name in names for kind in (LOCAL, COMMANDED) for name in (kind, f"{kind}-{model}"))

    def write(self, halt: HaltRecord) -> Path:
        """Halts one account, or all. Raises OSError when the file could not be made; one that is empty halts too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path_of(halt)
        path.touch()
        with contextlib.suppress(OSError), path.open("w", encoding="utf-8") as file:
            file.write(format_halt(halt))
            file.flush()
            os.fsync(file.fileno())
        return path

    def mirror(self, commanded: Iterable[HaltRecord]) -> list[str]:
        """Makes the files of the commanded halts these and no others; returns what could not be done."""
        self.commanded = tuple(commanded)
        problems, wanted = [], {self._path_of(halt): halt for halt in self.commanded}
        for path, halt in wanted.items():
            if not _exists(path):
                problems += _attempt(f"halt file not written: {path}", partial(self.write, halt))
        try:
            surplus = [path for path in self._paths(COMMANDED) if path not in wanted]
        except OSError as error:
            return [*problems, f"halt files not read: {self._folder}: {error.strerror or error}"]
        for path in surplus:
            problems += _attempt(f"halt file not removed: {path}", path.unlink)
        return problems

    def local_halts(self) -> tuple[HaltRecord, ...]:
        """The local files, as far as they can be read. Raises OSError for a folder that can't."""
        return tuple(_read(path, LOCAL) for path in self._paths(LOCAL))

    def commanded_files(self) -> tuple[HaltRecord, ...]:
        """The files of commanded halts; none where the folder can't be read."""
        with contextlib.suppress(OSError):
            return tuple(_read(path, COMMANDED) for path in self._paths(COMMANDED))
        return ()

    def resume_local(self, model: str | None) -> tuple[list[Path], list[str]]:
        """Removes one account's local halt, or for None every one; (what was removed, what could not be).

        Raises OSError for a folder that can't be read.
        """
        paths = [self._folder / f"{LOCAL}-{model}"] if model else self._paths(LOCAL)
        removed, problems = [], []
        for path in paths:
            if _exists(path):
                failed = _attempt(f"halt file not removed: {path}", path.unlink)
                problems += failed
                removed += [] if failed else [path]
        return removed, problems

    def _path_of(self, halt: HaltRecord) -> Path:
        kind = LOCAL if halt.is_local else COMMANDED
        return self._folder / (f"{kind}-{halt.model}" if halt.model else kind)

    def _paths(self, kind: str) -> list[Path]:
        """Raises OSError for a folder that can't be read; a missing one has no files."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        return [self._folder / name for name in names if name == kind or name.startswith(f"{kind}-")]


def hold_folder(folder: Path) -> int | None:
    """Marks the folder as an executor's for as long as this process lives; None where the disk refuses."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return None
    return descriptor


def folder_use(folder: Path) -> FolderUse:
    """Whether an executor reads the halt files of this folder; it sees the lock of `hold_folder` on one machine."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return FolderUse.NEVER
    except OSError:
        return FolderUse.UNKNOWN
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return FolderUse.RUNNING
    except OSError:
        return FolderUse.UNKNOWN
    finally:
        os.close(descriptor)
    return FolderUse.STOPPED


def _read(path: Path, kind: str) -> HaltRecord:
    model = path.name.removeprefix(kind).removeprefix("-") or None
    text, time_ms = "the file can't be read", 0
    with contextlib.suppress(OSError):
        time_ms = path.stat().st_mtime_ns // 1_000_000
        text = path.read_bytes().decode(errors="replace")
    return parse_halt(text, model, time_ms, is_local=kind == LOCAL)


def _exists(path: Path) -> bool:
    """Also for a file that can't be looked at."""
    try:
        return os.path.lexists(path)
    except OSError:
        return True


def _attempt(what: str, act: Callable[[], object]) -> list[str]:
    try:
        act()
    except OSError as error:
        return [f"{what}: {error.strerror or error}"]
    return []
