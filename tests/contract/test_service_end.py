"""A service's process is gone within ten seconds of its end's first sign, whatever hangs in it."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import wait_until

from aicoin_local.process.supervise import STOP_LIMIT_S
from common.bus.redis_streams import connect
from common.runtime.ending import process_end

SCRIPT = Path(__file__).parents[1] / "support" / "hanging_service.py"
MACHINE_S = 30.0
"""What a busy machine may add to the ten seconds; the process of before never ended."""


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@dataclass(frozen=True, slots=True)
class Running:
    """A service's process, and the file that its output goes to."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def wait_for_line(self, text: str) -> None:
        wait_until(text, lambda: text in self.output.read_text(), limit_s=MACHINE_S)

    def send_signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """(exit code, whole output) of a process that is ending."""
        return self.process.wait(timeout=10 + MACHINE_S), self.output.read_text()


@contextlib.contextmanager
def service(scenario: str, redis_url: str, database_url: str = "") -> Iterator[Running]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "METRICS_PORT": "0",
    }
    command = [sys.executable, str(SCRIPT), scenario]
    with (
        tempfile.NamedTemporaryFile() as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield Running(process, Path(output.name))
        finally:
            process.kill()


def test_whatever_hangs_a_failure_and_sigterm_end_the_process(redis_url: str) -> None:
    failures = ["task-fails drops", "task-fails thread", "loop-fails drops", "loop-fails thread"]
    stops = ["drops", "thread", "close"]
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(service(name, redis_url)) for name in (*failures, *stops)}
        for process in processes.values():
            process.wait_for_line("running")
        for name in stops:
            processes[name].send_signal(signal.SIGTERM)
        for name, process in processes.items():
            code, output = process.end()
            assert code == (1 if name in failures else 0), output
            assert "the process did not end in time" in output, name
            assert ("a defect" in output) == (name in failures), output


@pytest.mark.parametrize("scenario", ["task-fails redis", "redis"])
def test_tasks_amid_commands_of_redis_end_by_themselves(redis_url: str, scenario: str) -> None:
    with service(scenario, redis_url) as process:
        process.wait_for_line("running")
        if "fails" not in scenario:
            process.send_signal(signal.SIGTERM)
        code, output = process.end()
    assert code == (1 if "fails" in scenario else 0), output
    assert "the process did not end in time" not in output


def test_sigterm_ends_a_service_whose_redis_hangs(silent_server: int) -> None:
    with service("plain", f"redis://127.0.0.1:{silent_server}/0") as process:
        process.wait_for_line("running")
        process.send_signal(signal.SIGTERM)
        code, output = process.end()
    assert code == 0, output
    assert "Traceback" not in output


def test_sigterm_ends_a_start_whose_database_hangs(redis_url: str, silent_server: int) -> None:
    with service("database", redis_url, f"postgresql://u:p@127.0.0.1:{silent_server}/d") as process:
        process.wait_for_line("PostgreSQL does not answer")
        process.send_signal(signal.SIGTERM)
        code, output = process.end()
    assert code == 0, output


async def test_no_cancellation_amid_a_command_is_dropped(redis_url: str) -> None:
    client = connect(redis_url)

    async def use() -> None:
        while True:
            await client.set("key", "value")

    dropped = 0
    for ticks in range(80):
        task = asyncio.ensure_future(use())
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        _, running = await asyncio.wait([task], timeout=10)
        dropped += len(running)
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.1)
    await client.aclose()
    assert dropped == 0


def test_the_limit_leaves_time_before_the_supervisor_kills() -> None:
    assert process_end.LIMIT_S + process_end.FAULT_HANDLER_MARGIN_S <= 10 < STOP_LIMIT_S
