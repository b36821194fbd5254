"""A disk that fills up ends no arena: entries stop in time, stores that die come back, and all of it goes on."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from arena_checks import unprotected_positions
from harness import wait_until

from aicoin_local.process.supervise import Supervisor
from aicoin_local.testing import Arena

pytestmark = pytest.mark.system

SIZE_MB = 640
"""So much that what is left below the limit still holds a segment of the write-ahead log."""
STOPPED = """
SELECT 1 FROM verdicts WHERE denial_code = 'DISK_FULL'
UNION ALL SELECT 1 FROM ai_decisions WHERE action = 'HOLD' AND reasoning LIKE '%%DISK_FULL%%' LIMIT 1"""
"""An entry that was denied, or a model that has read that it would be, and asks for none."""
ENTRIES_WHILE_FULL = """
SELECT v.id FROM verdicts v, (SELECT max(time_ms) AS time_ms FROM alerts WHERE code = 'DISK_FULL') full_at
WHERE v.verdict = 'APPROVED' AND v.intent_kind = 'entry' AND v.time_ms BETWEEN full_at.time_ms AND %s"""
CODES = "SELECT code FROM alerts WHERE code LIKE 'DISK%%' ORDER BY time_ms"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which only root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave_percent: float) -> None:
    """Fills the disk until so much of it is free."""
    disk = os.statvfs(folder)
    blocks = disk.f_bavail - int(disk.f_blocks * leave_percent / 100)
    with contextlib.suppress(OSError), (folder / "filling").open("ab", buffering=0) as file:
        for _ in range(max(0, blocks)):
            file.write(bytes(disk.f_frsize))


def decisions(arena: Arena) -> int:
    return int(arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"])


def test_a_full_disk_stops_entries_and_ends_nothing(small_disk: Path) -> None:
    arena = Arena(small_disk / "data")
    arena.output = small_disk.parent / "run.log"
    # Not every decision is an entry; the disk must not fill up before one is.
    arena.environment["DECISION_INTERVAL_S"] = "15"
    supervisor = Supervisor(arena.data_dir)

    def process_of(store: str) -> int:
        return int(supervisor.info(store)["pid"])

    try:
        arena.start()
        wait_until("a trade", lambda: arena.rows("SELECT 1 FROM fills LIMIT 1"), limit_s=180)
        fill(small_disk, leave_percent=8)
        wait_until("an alert of a low disk", lambda: {"code": "DISK_LOW"} in arena.rows(CODES))
        fill(small_disk, leave_percent=4.5)
        # A model that holds two positions asks for no other one until it closes one, after four minutes.
        wait_until("entries to stop", lambda: arena.rows(STOPPED), limit_s=420)
        redis = process_of("redis")
        fill(small_disk, leave_percent=0)
        os.kill(process_of("postgres"), signal.SIGKILL)
        wait_until("Redis to die of the full disk", lambda: process_of("redis") != redis, limit_s=60)
        assert supervisor.is_alive()
        freed_ms = int(time.time() * 1000)
        (small_disk / "filling").unlink()
        services = arena.run["services"]
        wait_until("all services", lambda: all(arena.is_ready_or_down(name) for name in services), limit_s=180)
        decided = decisions(arena)
        wait_until("decisions", lambda: decisions(arena) > decided, limit_s=120)
        wait_until("the alert that it is over", lambda: arena.rows(CODES)[-1]["code"] == "DISK_FREE", limit_s=60)
        assert {row["code"] for row in arena.rows(CODES)} == {"DISK_LOW", "DISK_FULL", "DISK_FREE"}
        assert arena.rows(ENTRIES_WHILE_FULL, freed_ms) == []
        wait_until("every position to be protected", lambda: not unprotected_positions(arena), limit_s=60)
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]
