"""Programs of a killed launcher that still run: found by their environment, stopped in order."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from aicoin_local.configuration.catalog import stop_place

STOP_LIMIT_S = 15.0
CLEAN_SIGNALS = {"postgres": signal.SIGINT}


def orphans(folder: Path) -> dict[str, list[psutil.Process]]:
    """The processes of this data folder's programs, by program; of a process tree only the root."""
    found: dict[str, list[psutil.Process]] = {}
    named = dict(_of_folder(folder))
    pids = {process.pid for process in named}
    for process, name in named.items():
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in pids:
                found.setdefault(name, []).append(process)
    return found


def _of_folder(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get("AICOIN_DATA_DIR") == str(folder) and (name := environment.get("AICOIN_PROGRAM")):
                yield process, name


def stop_orphans(folder: Path) -> list[str]:
    """Stops the programs that a killed launcher and supervisord left; their names, in that order."""
    found = orphans(folder)
    names = sorted(found, key=stop_place)
    for name in names:
        for process in found[name]:
            with contextlib.suppress(psutil.Error):
                process.send_signal(CLEAN_SIGNALS.get(name, signal.SIGTERM))
        _, alive = psutil.wait_procs(found[name], STOP_LIMIT_S)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, STOP_LIMIT_S)
    return names
