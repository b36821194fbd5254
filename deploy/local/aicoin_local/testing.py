"""An arena for system and browser tests: the whole stack, started as `make run` does, on free ports."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
import psycopg
import psycopg.rows
import redis

from aicoin_local.process.supervise import Supervisor

FIRST_PORT, LAST_PORT, PORT_STEP = 20_100, 32_700, 50
START_LIMIT_S = 300
STOP_LIMIT_S = 120
DECISION_INTERVAL_S = 10
PORTS = 24
CONTROL_TOKEN = "system-test-token-of-32-bytes-and-more"  # noqa: S105 - of throwaway arenas
EXTERNAL_PREFIXES = ("HYPERLIQUID", "DEEPSEEK", "QWEN", "DASHSCOPE", "DATABASE_URL", "REDIS_URL")
T = TypeVar("T")


@cache
def _http() -> httpx.Client:
    """For servers of this machine: without the environment's proxies."""
    return httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def wait_until(
    what: str,
    probe: Callable[[], T | None],
    *,
    limit_s: float = 60.0,
    every_s: float = 0.25,
    details: Callable[[], str] = lambda: "",
) -> T:
    """The first result of `probe` that is true; after the limit, an AssertionError that names what was missing.

    `details` are added to the failure.
    """
    deadline = time.monotonic() + limit_s
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit_s:g} s for {what}, in vain\n{details()}".rstrip())
        time.sleep(every_s)


def free_block(length: int) -> int:
    """The first of `length` consecutive free ports.

    Below those that the system hands out by itself: there any outgoing connection may take a port between this check
    and its use. Parallel test workers search disjoint blocks, because a port is bound seconds after it was found free.
    Where the search begins differs by process, so that two runs beside each other seldom meet.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    bases: Sequence[int] = range(FIRST_PORT, LAST_PORT - length, PORT_STEP)[worker::workers]
    first = os.getpid() % len(bases)
    for base in (*bases[first:], *bases[:first]):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(base, base + length):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise AssertionError("no block of free ports")


class Arena:
    """A running arena, observed from outside."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        gateway = free_block(PORTS)
        simulator, redis_port, postgres, metrics = (gateway + place for place in range(1, 5))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(EXTERNAL_PREFIXES)},
            "AICOIN_DATA_DIR": str(data_dir),
            "GATEWAY_PORT": str(gateway),
            "SIMULATOR_PORT": str(simulator),
            "SIMULATOR_SERVICES_PORT": str(gateway + PORTS - 1),
            "REDIS_PORT": str(redis_port),
            "POSTGRES_PORT": str(postgres),
            "METRICS_BASE_PORT": str(metrics),
            # A test may observe as often as it likes.
            "SIMULATOR_RATE_LIMITS": "false",
            "SIMULATOR_MARKET": "synthetic",
            "DECISION_INTERVAL_S": str(DECISION_INTERVAL_S),
            "CONTROL_TOKEN": CONTROL_TOKEN,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.output = data_dir.parent / "run.log"

    def start(self) -> None:
        """Starts everything; returns when every service is ready."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "aicoin_local", "run"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until("a ready arena", self._ready, limit_s=START_LIMIT_S)

    def _ready(self) -> bool:
        if self._launcher.poll() is not None:
            raise AssertionError(f"the launcher ended: {self.output.read_text(encoding='utf-8')[-3000:]}")
        with contextlib.suppress(OSError, ValueError, httpx.HTTPError, KeyError):
            return all(self.is_ready(name) for name in self.run["services"])
        return False

    def stop(self) -> int:
        """Ctrl-C; returns the launcher's exit code."""
        self._launcher.send_signal(signal.SIGINT)
        return self._launcher.wait(STOP_LIMIT_S)

    @property
    def _launcher(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise AssertionError("the arena was not started")
        return self.process

    @property
    def run(self) -> dict[str, Any]:
        """run.json as it is now."""
        content: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text(encoding="utf-8"))
        return content

    def is_ready(self, service: str) -> bool:
        return self.readiness(service).status_code == 200

    def readiness(self, service: str) -> httpx.Response:
        """What a service says of itself; the body names what it isn't ready for."""
        url = self.run["services"][service]["metrics_url"].removesuffix("/metrics")
        return _http().get(f"{url}/readyz", timeout=30)

    def is_ready_or_down(self, service: str) -> bool:
        """Like `is_ready`, for a service that may not answer yet."""
        with contextlib.suppress(httpx.HTTPError, OSError, ValueError):
            return self.is_ready(service)
        return False

    def supervise(self, verb: Literal["start", "stop"], service: str) -> None:
        """Stops a service and keeps it down, or starts it again."""
        supervisor = Supervisor(self.data_dir)
        if verb == "stop":
            supervisor.stop_program(service)
        else:
            supervisor.start_program(service)

    def pid(self, service: str) -> int:
        return int(self.run["services"][service]["pid"])

    def kill(self, service: str) -> None:
        """SIGKILL; returns when the supervisor has brought up another process that is ready."""
        before = self.pid(service)
        os.kill(before, signal.SIGKILL)

        def is_back() -> bool:
            return self.pid(service) not in (0, before) and self.is_ready_or_down(service)

        wait_until(f"{service} to come back", is_back, limit_s=180)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs one `aicoin` command against this arena."""
        return subprocess.run(
            [sys.executable, "-m", "aicoin_local", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.run["redis_url"])

    def refused_operations(self) -> list[str]:
        """What the stores have refused a service for want of rights: nothing, if the catalogs are complete."""
        client: Any = self.redis()
        with contextlib.closing(client):
            entries = client.execute_command("ACL", "LOG", 128)
        refused = [f"{entry['username']}: {entry['object']}" for entry in map(_texts, entries)]
        log = (self.data_dir / "logs" / "postgres.log").read_text(encoding="utf-8", errors="replace")
        return refused + [line for line in log.splitlines() if "permission denied" in line]

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """The rows of one query, read over a new connection."""
        with psycopg.connect(self.run["database_url"], row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def get(self, path: str, **parameters: str) -> Any:
        response = _http().get(f"{self.run['gateway_url']}/api/v1/{path}", params=parameters, timeout=60)
        response.raise_for_status()
        return response.json()


def _texts(entry: Any) -> dict[str, str]:
    """An entry of Redis's log, whose client gives a mapping or its parts in turn, as text."""
    pairs = entry.items() if isinstance(entry, dict) else zip(entry[::2], entry[1::2], strict=True)
    return {_text(name): _text(value) for name, value in pairs}


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
