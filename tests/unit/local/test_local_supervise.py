"""supervisord with small programs: they come back after any death, see only their own secrets, and stop in order."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from aicoin_local.orphans import orphans, stop_orphans
from aicoin_local.supervise import Program, Supervisor, socket_path, write_conf

LIMIT_S = 90.0
SLEEPER = (
    "import json, os, signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "json.dump(dict(os.environ), open(sys.argv[1], 'w'))\n"
    "signal.pause()\n"
)


def wait_for(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.02)


def sleeper(folder: Path, name: str) -> Program:
    script = folder / "sleeper.py"
    script.write_text(SLEEPER, encoding="utf-8")
    return Program(name, (sys.executable, str(script), str(folder / f"{name}.seen")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a space and quotes in its name."""
    path = tmp_path / "da ta 'x\""
    path.mkdir()
    return path


@contextlib.contextmanager
def supervised(folder: Path, *programs: Program) -> Iterator[Supervisor]:
    supervisor = Supervisor(folder)
    environment = dict(os.environ) | {
        "AICOIN_DATA_DIR": str(folder),
        "METRICS_BASE_PORT": "9100",
        "DEEPSEEK_API_KEY": "for deepseek alone",
        "DATABASE_URL": "postgresql://secret",
    }
    supervisor.start(write_conf(folder, programs), environment)
    for program in programs:
        supervisor.start_program(program.name)
    try:
        yield supervisor
    finally:
        supervisor.shutdown()
        stop_orphans(folder)


def test_a_killed_program_comes_back_as_another_process(folder: Path) -> None:
    with supervised(folder, sleeper(folder, "risk")) as supervisor:
        wait_for(lambda: (folder / "risk.seen").exists())
        before = supervisor.info("risk")["pid"]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: supervisor.info("risk")["pid"] not in (0, before))


def test_a_program_that_never_starts_is_tried_again_and_again(folder: Path) -> None:
    with supervised(folder, Program("risk", (sys.executable, "-c", "raise SystemExit(2)"))) as supervisor:
        starts = folder / "logs" / "supervisord.log"
        wait_for(lambda: starts.read_text(encoding="utf-8").count("spawned: 'risk'") >= 3)
        info = supervisor.info("risk")
        assert info["statename"] in ("STARTING", "BACKOFF")
        supervisor.cap_backoff({"risk": info | {"statename": "BACKOFF", "now": info["stop"] + 31}})
        assert supervisor.info("risk")["statename"] in ("STARTING", "BACKOFF")


def test_each_program_sees_its_own_secrets_and_has_its_own_process_group(folder: Path) -> None:
    programs = [sleeper(folder, name) for name in ("agent-deepseek", "agent-qwen", "redis")]
    with supervised(folder, *programs) as supervisor:
        wait_for(lambda: all((folder / f"{program.name}.seen").exists() for program in programs))
        wait_for(lambda: all((folder / f"{program.name}.seen").read_text() for program in programs))
        seen = {program.name: json.loads((folder / f"{program.name}.seen").read_text()) for program in programs}
        groups = {os.getpgid(supervisor.info(program.name)["pid"]) for program in programs}
    assert seen["agent-deepseek"]["DEEPSEEK_API_KEY"] == "for deepseek alone"
    assert "DEEPSEEK_API_KEY" not in seen["agent-qwen"]
    assert all("DATABASE_URL" not in each for each in seen.values())
    assert "METRICS_BASE_PORT" not in seen["redis"]
    assert [seen[name]["METRICS_PORT"] for name in ("agent-deepseek", "agent-qwen")] == ["9101", "9102"]
    assert len(groups | {os.getpgid(0)}) == 4


def test_a_stopped_program_stays_stopped_until_started(folder: Path) -> None:
    with supervised(folder, sleeper(folder, "risk")) as supervisor:
        wait_for(lambda: (folder / "risk.seen").exists())
        supervisor.stop_program("risk")
        info = supervisor.info("risk")
        assert (info["statename"], info["pid"], info["exitstatus"]) == ("STOPPED", 0, 0)
        supervisor.start_program("risk")
        assert supervisor.info("risk")["pid"]


def test_what_a_killed_supervisor_leaves_is_recognised_and_stopped(folder: Path, tmp_path: Path) -> None:
    with supervised(folder, sleeper(folder, "risk"), sleeper(folder, "redis")) as supervisor:
        wait_for(lambda: (folder / "risk.seen").exists() and (folder / "redis.seen").exists())
        pids = {name: info["pid"] for name, info in supervisor.all_info().items()}
        assert supervisor.started_pid
        os.kill(supervisor.started_pid, signal.SIGKILL)
        wait_for(lambda: not supervisor.is_alive())
        assert {name: found[0].pid for name, found in orphans(folder).items()} == pids
        assert orphans(tmp_path) == {}
        assert stop_orphans(folder) == ["risk", "redis"]
        assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids.values())


def test_a_socket_path_too_long_for_the_system_is_replaced_by_a_short_one(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    assert socket_path(tmp_path).parent == tmp_path
    assert len(str(socket_path(long))) < 100
    assert socket_path(long) != socket_path(tmp_path / ("y" * 100))
