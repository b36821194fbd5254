"""Memory and CPU time from /proc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aicoin_local.process.footprint import cpu_s, measure, pss_kib

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux's /proc is needed")
WORKER = "import sys; held = bytearray(64 << 20); sum(range(3_000_000)); print('.', flush=True); sys.stdin.read()"


def test_memory_and_cpu_time_of_a_process_are_measured() -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert pss_kib(process.pid) >= 64 * 1024
        assert cpu_s(process.pid) > 0
        assert measure({"worker": process.pid}, 0)["worker"][0] >= 64
        process.communicate(b"")


def test_cpu_time_agrees_with_the_system() -> None:
    times = os.times()
    assert cpu_s(os.getpid()) == pytest.approx(times.user + times.system, abs=1)


def test_ended_process_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with pytest.raises(OSError, match=str(process.pid)):
        pss_kib(process.pid)
