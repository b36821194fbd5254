"""What this machine has: Python, memory, limits, disk, the stores' programs. Nothing is started."""

import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from aicoin_local.development.node import OLDEST_NODE, node_version
from aicoin_local.process.machine.findings import Finding, good, problem, warning
from aicoin_local.settings import OTHERS, LocalSettings
from aicoin_local.stores import StoreError, redis_binary
from aicoin_local.unprivileged import drop_privileges

OLDEST_PYTHON = (3, 11)
LEAST_MEMORY_MIB = 1_024
MEMORY_MIB = 2_048
LEAST_DISK_MIB, DISK_MIB = 1_024, 5_120
LEAST_FILES = 1_024
SLOW_SYNC_MS = 50.0
SYNCS = 5
CGROUP = Path("/sys/fs/cgroup")
MIB = 1024 * 1024


def machine_findings(settings: LocalSettings, env_file: Path) -> Iterator[Finding]:
    """Each check in turn."""
    yield _python()
    yield from _env_file(env_file)
    yield _memory()
    yield _open_files()
    yield from _disk(settings.data_dir)
    yield from _stores(settings)
    yield _node()


def _python() -> Finding:
    text = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return problem("python", text, "Python 3.11 or newer is needed: PYTHON=/path/to/python make setup")
    return good("python", text)


def _env_file(path: Path) -> Iterator[Finding]:
    try:
        status = path.stat()
    except FileNotFoundError:
        yield good(".env", "there is none: every setting has its default, or comes from the environment")
        return
    except OSError as error:
        yield problem(".env", f"{path} can't be read: {error.strerror}", "make it readable for the arena's account")
        return
    if status.st_mode & OTHERS:
        yield warning(".env", "others can read it, and it may hold keys", f"chmod 600 {path}; make run does it too")
    elif status.st_uid != os.geteuid() and os.geteuid() != 0:
        yield warning(".env", "it belongs to another account", f"chown {os.geteuid()} {path}")
    else:
        yield good(".env", "only its owner can read it")


def memory_limit() -> int:
    """Bytes that this process and its children may use: of the machine, or of its control group."""
    most = int(psutil.virtual_memory().available)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (CGROUP / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        return min(most, int(text)) if text.isdigit() else most
    return most


def _memory() -> Finding:
    mib = memory_limit() // MIB
    text = f"{mib:,} MiB for the arena, which takes about 750"
    if mib < LEAST_MEMORY_MIB:
        return problem("memory", text, "free some, or raise the limit of the container or the control group")
    if mib < MEMORY_MIB:
        return warning("memory", text, "2 GiB leave room for the page's build and PostgreSQL's cache")
    return good("memory", text)


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"a process may open {soft:,} files"
    if soft < LEAST_FILES:
        return problem("limits", text, f"ulimit -n {min(hard, 65_536) if hard > 0 else 65_536}")
    return good("limits", text)


def _disk(folder: Path) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free // MIB
    text = f"{free:,} MiB free at {there}"
    remedy = "free some: a day takes about 150 MiB; AICOIN_DATA_DIR names another disk"
    if free < LEAST_DISK_MIB:
        yield problem("disk", text, remedy)
    elif free < DISK_MIB:
        yield warning("disk", text, remedy)
    else:
        yield good("disk", text)
    try:
        yield _sync_time(there)
    except OSError as error:
        remedy = "make it writable, or name another folder in AICOIN_DATA_DIR"
        yield problem("disk", f"{there} can't be written: {error.strerror}", remedy)


def _sync_time(folder: Path) -> Finding:
    """Redis syncs every event to the disk: a slow disk delays each of them."""
    with tempfile.TemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 4_096)
            file.flush()
            os.fsync(file.fileno())
        each_ms = (time.perf_counter() - began) * 1000 / SYNCS
    text = f"a write reaches the disk in {each_ms:.1f} ms"
    if each_ms > SLOW_SYNC_MS:
        return warning("disk", text, "events wait for it: a disk of this machine is faster than one of the network")
    return good("disk", text)


def _stores(settings: LocalSettings) -> Iterator[Finding]:
    if settings.redis_url is None:
        try:
            yield good("redis", redis_binary())
        except StoreError as error:
            yield problem("redis", str(error), "make setup")
    if settings.database_url is None:
        if drop_privileges() is None:
            remedy = "run as an ordinary user, or set DATABASE_URL"
            yield problem("postgres", "won't run as root, and no other account can be taken here", remedy)
        else:
            yield good("postgres", "can be started by this account")


def _node() -> Finding:
    version = node_version(os.environ.get("PATH", os.defpath))
    if version >= OLDEST_NODE:
        return good("node", f"{'.'.join(map(str, version))} builds the page")
    return good("node", "none that is new enough: the page is built with the one that comes as a package")
