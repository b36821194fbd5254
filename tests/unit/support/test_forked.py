"""Forked processes end with the one that started them, also when that is killed."""

import subprocess
import sys
from pathlib import Path

import psutil
from harness import wait_until

from aicoin_local.settings import ROOT

PARENT = """
import sys, time
from pathlib import Path
from support import forked

if __name__ == "__main__":
    forked._CONTEXT.set_forkserver_preload([])
    child = forked.ForkedProcess("waiting", Path(sys.argv[1]))
    print(child.pid, flush=True)
    time.sleep(600)
"""


def test_a_process_ends_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text("import time\nprint('waits', flush=True)\ntime.sleep(600)\n", encoding="utf-8")
    script, output = tmp_path / "parent.py", tmp_path / "output"
    script.write_text(PARENT, encoding="utf-8")
    variables = {"PYTHONPATH": f"{tmp_path}:{ROOT / 'tests'}"}
    with subprocess.Popen(
        [sys.executable, str(script), str(output)], env=variables, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        wait_until("its output", lambda: output.exists() and "waits" in output.read_text(encoding="utf-8"))
        parent.kill()
    wait_until("the end of the process", lambda: not child.is_running())
