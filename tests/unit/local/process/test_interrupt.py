"""Ctrl-C in the first seconds of a start: no traceback, and nothing is left running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from harness import wait_until

from aicoin_local.testing import Arena

LAUNCHER_LINE = "Starting AIcoin"
IMPORTS = ("pydantic_core", "psycopg_binary")
"""Libraries that the command imports, one early and one late: what it has mapped says how far it is."""


def left_over(folder: Path) -> list[str]:
    """The processes that know this data folder, the launcher's children among them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AICOIN_DATA_DIR") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def heed_interrupts() -> None:
    """Where the tests run in the background of a shell, SIGINT is ignored, and a child would ignore it as well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("moment", [*IMPORTS, LAUNCHER_LINE, "supervisord"])
def test_ctrl_c_at_any_moment_of_a_start_ends_quietly(tmp_path: Path, moment: str) -> None:
    arena = Arena(tmp_path / "data")
    with arena.output.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "aicoin_local", "run"],
            env=arena.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        )
    if moment == LAUNCHER_LINE:
        wait_until("the launcher's line", lambda: LAUNCHER_LINE in arena.output.read_text(), every_s=0.005)
    elif moment == "supervisord":
        started = arena.data_dir / "logs" / "supervisord.out"
        wait_until("supervisord to be started", started.exists, every_s=0.001)
    else:
        mapped = Path(f"/proc/{process.pid}/maps")
        wait_until(f"the import of {moment}", lambda: moment in mapped.read_text(), every_s=0.005)
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(120)
    text = arena.output.read_text(encoding="utf-8")
    assert "Traceback" not in text, text
    assert code in (0, 130), text
    assert left_over(arena.data_dir) == []
