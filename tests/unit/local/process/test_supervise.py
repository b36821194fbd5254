"""supervisord with small programs: each is restarted, sees only what it reads, and stops in order."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from harness import wait_until

from aicoin_local.process.orphans import orphans, stop_orphans
from aicoin_local.process.supervise import Program, Supervisor, socket_path, write_conf

SLEEPER = (
    "import json, os, signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "json.dump(dict(os.environ), open(sys.argv[1], 'w'))\n"
    "signal.pause()\n"
)


def sleeper(folder: Path, name: str, reads: tuple[str, ...] | None = ()) -> Program:
    script = folder / "sleeper.py"
    script.write_text(SLEEPER, encoding="utf-8")
    command = (sys.executable, str(script), str(folder / f"{name}.seen"))
    return Program(name, command, reads=reads, variables={"METRICS_PORT": "9107"})


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
        "QWEN_MODEL": "public",
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


def test_killed_program_is_restarted_as_another_process(folder: Path) -> None:
    with supervised(folder, sleeper(folder, "risk")) as supervisor:
        wait_until("the program to run", lambda: (folder / "risk.seen").exists(), every_s=0.02)
        before = supervisor.info("risk")["pid"]
        os.kill(before, signal.SIGKILL)
        wait_until("another process", lambda: supervisor.info("risk")["pid"] not in (0, before), every_s=0.02)


def test_program_that_never_starts_is_retried_without_end(folder: Path) -> None:
    with supervised(folder, Program("risk", (sys.executable, "-c", "raise SystemExit(2)"))) as supervisor:
        starts = folder / "logs" / "supervisord.log"
        wait_until("a third start", lambda: starts.read_text(encoding="utf-8").count("spawned: 'risk'") >= 3)
        info = supervisor.info("risk")
        assert info["statename"] in ("STARTING", "BACKOFF")
        supervisor.cap_backoff({"risk": info | {"statename": "BACKOFF", "now": info["stop"] + 31}})
        assert supervisor.info("risk")["statename"] in ("STARTING", "BACKOFF")


def test_program_sees_only_what_it_reads_in_a_group_of_its_own(folder: Path) -> None:
    programs = [
        sleeper(folder, "agent-deepseek", ("REDIS_URL", "DEEPSEEK_API_KEY", "METRICS_PORT")),
        sleeper(folder, "agent-qwen", ("QWEN_MODEL", "METRICS_PORT")),
        sleeper(folder, "redis", None),
    ]
    files = {program.name: folder / f"{program.name}.seen" for program in programs}
    with supervised(folder, *programs) as supervisor:
        for name, path in files.items():
            wait_until(f"{name} to run", lambda path=path: path.exists() and path.read_text(), every_s=0.02)
        seen = {name: json.loads(path.read_text()) for name, path in files.items()}
        groups = {os.getpgid(supervisor.info(program.name)["pid"]) for program in programs}
    assert seen["agent-deepseek"]["DEEPSEEK_API_KEY"] == "for deepseek alone"
    assert "DEEPSEEK_API_KEY" not in seen["agent-qwen"]
    assert all("DATABASE_URL" not in each for each in seen.values())
    assert seen["agent-qwen"]["QWEN_MODEL"] == "public"
    assert "QWEN_MODEL" not in seen["agent-deepseek"]
    assert all(each["PATH"] == os.environ["PATH"] for each in seen.values())
    assert seen["agent-qwen"]["METRICS_PORT"] == "9107"
    assert {"QWEN_MODEL", "METRICS_PORT"}.isdisjoint(seen["redis"])
    assert [each["AICOIN_PROGRAM"] for each in seen.values()] == list(files)
    assert len(groups | {os.getpgid(0)}) == 4


def test_stopped_program_stays_stopped_until_started(folder: Path) -> None:
    with supervised(folder, sleeper(folder, "risk")) as supervisor:
        wait_until("the program to run", lambda: (folder / "risk.seen").exists(), every_s=0.02)
        supervisor.stop_program("risk")
        info = supervisor.info("risk")
        assert (info["statename"], info["pid"], info["exitstatus"]) == ("STOPPED", 0, 0)
        supervisor.start_program("risk")
        assert supervisor.info("risk")["pid"]


def test_orphans_of_a_killed_supervisor_are_found_and_stopped(folder: Path, tmp_path: Path) -> None:
    with supervised(folder, sleeper(folder, "risk"), sleeper(folder, "redis")) as supervisor:
        for name in ("risk", "redis"):
            wait_until(f"{name} to run", lambda name=name: (folder / f"{name}.seen").exists(), every_s=0.02)
        pids = {name: info["pid"] for name, info in supervisor.all_info().items()}
        assert supervisor.started_pid
        os.kill(supervisor.started_pid, signal.SIGKILL)
        wait_until("the end of supervisord", lambda: not supervisor.is_alive(), every_s=0.02)
        assert {name: found[0].pid for name, found in orphans(folder).items()} == pids
        assert orphans(tmp_path) == {}
        assert stop_orphans(folder) == ["risk", "redis"]
        assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids.values())


def test_socket_path_that_is_too_long_is_replaced(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    assert socket_path(tmp_path).parent == tmp_path
    assert len(str(socket_path(long))) < 100
    assert socket_path(long) != socket_path(tmp_path / ("y" * 100))
