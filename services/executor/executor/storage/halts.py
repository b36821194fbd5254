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

NAME: Final = "halt"
STARTED: Final = "started"
ENDED: Final = ".ended"
LOCK: Final = "executor.lock"


class FolderUse(StrEnum):
    """Whether an executor reads the halt files of a folder."""

    RUNNING = "an executor runs on it"
    STOPPED = "an executor has run on it, and none does now"
    NEVER = "no executor has ever run on it"
    UNKNOWN = "whether an executor runs on it is unknown"


class HaltFiles:
    """Files in the executor's data folder: `halt` halts every account, `halt-<contender>` one.

    A file says who has made it. A local one is the kill switch's, or a person's by hand, and `aicoin resume` removes
    it; what doesn't say so is local. The others mirror the halts that came by a command: the executor writes and
    removes them, and leaves a local file in their place alone. `commanded` holds them as the table has them, so that a
    disk which takes no file lifts no halt.

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
        return NAME in names or f"{NAME}-{model}" in names

    def write(self, halt: HaltRecord) -> Path:
        """Halts one account, or all. Raises OSError when the file could not be made; one that is empty halts too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path_of(halt.model)
        path.touch()
        with contextlib.suppress(OSError), path.open("w", encoding="utf-8") as file:
            file.write(format_halt(halt))
            file.flush()
            os.fsync(file.fileno())
        return path

    def mirror(self, commanded: Iterable[HaltRecord]) -> list[str]:
        """Makes the files of the commanded halts these and no others; returns what could not be done."""
        self.commanded = tuple(commanded)
        wanted = {self._path_of(halt.model): halt for halt in self.commanded}
        try:
            found = {path: _read(path) for path in self._paths()}
        except OSError as error:
            done = "written" if wanted else "read"
            return [f"halt file not {done}: {self._folder}: {error.strerror or error}"]
        problems = []
        for path, halt in wanted.items():
            if path not in found or not (found[path].is_local or found[path] == halt):
                problems += _attempt(f"halt file not written: {path}", partial(self.write, halt))
        for path in set(found) - set(wanted):
            if not found[path].is_local:
                problems += _attempt(f"halt file not removed: {path}", partial(_remove_commanded, path))
        return problems

    def local_halts(self) -> tuple[HaltRecord, ...]:
        """The local files, as far as they can be read. Raises OSError for a folder that can't."""
        return tuple(halt for halt in map(_read, self._paths()) if halt.is_local)

    def commanded_files(self) -> tuple[HaltRecord, ...]:
        """The files of commanded halts; none where the folder can't be read."""
        with contextlib.suppress(OSError):
            return tuple(halt for halt in map(_read, self._paths()) if not halt.is_local)
        return ()

    def resume_local(self, model: str | None) -> tuple[list[Path], list[str]]:
        """Removes one account's local halt, or for None every one; (what was removed, what could not be).

        Raises OSError for a folder that can't be read.
        """
        removed, problems = [], []
        for path in self._paths():
            if (model is None or path == self._path_of(model)) and _read(path).is_local:
                failed = _attempt(f"halt file not removed: {path}", path.unlink)
                problems += failed
                removed += [] if failed else [path]
        return removed, problems

    def _path_of(self, model: str | None) -> Path:
        return self._folder / (f"{NAME}-{model}" if model else NAME)

    def _paths(self) -> list[Path]:
        """Raises OSError for a folder that can't be read; a missing one has no files."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        return [self._folder / name for name in names if name == NAME or name.startswith(f"{NAME}-")]


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


def _read(path: Path) -> HaltRecord:
    model = path.name.removeprefix(NAME).removeprefix("-") or None
    text, time_ms = "the file can't be read", 0
    with contextlib.suppress(OSError):
        time_ms = path.stat().st_mtime_ns // 1_000_000
        text = path.read_bytes().decode(errors="replace")
    return parse_halt(text, model, time_ms)


def _remove_commanded(path: Path) -> None:
    """Removes the file of a commanded halt. The kill switch may write its own to the same name meanwhile: then that
    one comes back."""
    aside = path.with_name(f".{path.name}{ENDED}")
    path.replace(aside)
    if _read(aside).is_local:
        aside.replace(path)
    else:
        aside.unlink()


def _attempt(what: str, act: Callable[[], object]) -> list[str]:
    try:
        act()
    except OSError as error:
        return [f"{what}: {error.strerror or error}"]
    return []


def note_start(folder: Path, now_ms: int) -> float:
    """Seconds since an executor was started on the folder last, by wall time; infinite where that isn't known. Notes
    this start, as far as the disk lets it."""
    path, since_s = folder / STARTED, float("inf")
    with contextlib.suppress(OSError, ValueError):
        before_ms = int(path.read_text(encoding="ascii"))
        since_s = (now_ms - before_ms) / 1000 if now_ms > before_ms else since_s
    with contextlib.suppress(OSError):
        path.write_text(str(now_ms), encoding="ascii")
    return since_s
