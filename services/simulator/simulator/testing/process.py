"""A simulator as a real process on free ports."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self

import httpx

START_LIMIT_S = 90.0
END_LIMIT_S = 60.0
POLL_EVERY_S = 0.02


class Launched(Protocol):
    """A started process. `stop` sends SIGTERM and `kill` SIGKILL; both wait and return the exit code."""

    @property
    def is_running(self) -> bool: ...

    def stop(self) -> int: ...

    def kill(self) -> int: ...


class _ModuleProcess:
    """`python -m simulator.main`, its output appended to a file."""

    def __init__(self, output: Path, variables: Mapping[str, str]) -> None:
        with output.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulator.main"],
                env=os.environ | dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=file,
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(END_LIMIT_S)

    def kill(self) -> int:
        self._process.kill()
        return self._process.wait(END_LIMIT_S)


class SimulatorProcess:
    """Runs once `start` has returned. `url` is the base URL for the SDK; `kill` sends SIGKILL."""

    def __init__(
        self,
        folder: Path,
        *,
        accounts: list[tuple[str, str]] | None = None,
        seed: int = 1,
        balance: str = "10000",
        **settings: str,
    ) -> None:
        """`settings` are further variables by their lower-case names; rate limits are off unless set."""
        self._output = folder / "simulator.log"
        self._environment = {
            "SIMULATOR_DATA_DIR": str(folder),
            "SIMULATOR_SEED": str(seed),
            "SIMULATOR_ACCOUNTS": ",".join(f"{account}:{wallet}" for account, wallet in accounts or []),
            "PAPER_START_BALANCE": balance,
            "SIMULATOR_RATE_LIMITS": "false",
            "SIMULATOR_MARKET": "synthetic",
            **{name.upper(): value for name, value in settings.items()},
        }
        self.port = 0
        self.metrics_port = self.control_port = 0
        self.services_port: int | None = None
        self._process: Launched | None = None
        # No certificates, whose loading would cost more than a request; no connections that a restart would break.
        self._http = httpx.Client(
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=60,
        )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def services_url(self) -> str:
        """Where an arena's own services ask, with SIMULATOR_SERVICES_PORT set."""
        return f"http://127.0.0.1:{self.services_port}"

    def start(self) -> Self:
        """Starts the process, after a restart on the same ports, and returns when it answers."""
        ports = {
            "SIMULATOR_PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "SIMULATOR_CONTROL_PORT": str(self.control_port),
        }
        self._output.parent.mkdir(parents=True, exist_ok=True)
        before = self._output.stat().st_size if self._output.exists() else 0
        self._process = self.launch(self._output, self._environment | ports)
        started = self._wait_for_start(before)
        self.port, self.metrics_port = started["port"], started["metrics_port"]
        self.control_port, self.services_port = started["control_port"], started.get("services_port")
        self.info(type="allMids")
        return self

    def launch(self, output: Path, variables: Mapping[str, str]) -> Launched:
        """Starts the module with this process's variables and more."""
        return _ModuleProcess(output, variables)

    def _wait_for_start(self, offset: int) -> dict[str, int]:
        """The line that it writes once it has started, after what stood in its output before."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            is_running = self.is_running
            lines = self._output.read_bytes()[offset:].splitlines(keepends=True) if self._output.exists() else []
            for line in lines:
                if line.endswith(b"\n") and (written := json.loads(line))["event"] == "started":
                    started: dict[str, int] = written
                    return started
            if not is_running:
                raise RuntimeError(f"the simulator ended with {self.kill()} before it had started")
            time.sleep(POLL_EVERY_S)
        raise TimeoutError("the simulator did not start")

    def stop(self) -> int:
        """Sends SIGTERM; returns the exit code."""
        assert self._process is not None  # noqa: S101 - only a started one is ended
        return self._process.stop()

    def kill(self) -> int:
        """Sends SIGKILL; returns the exit code."""
        assert self._process is not None  # noqa: S101 - only a started one is ended
        return self._process.kill()

    def fund(self, address: str, usd: str = "10000") -> None:
        self._http.post(f"{self.url}/faucet", json={"user": address, "usd": usd}).raise_for_status()

    def act(self, **body: object) -> None:
        """Sends one signed action to /exchange. Raises RuntimeError with the answer of one that isn't accepted."""
        answer = self._http.post(f"{self.url}/exchange", json=body)
        answer.raise_for_status()
        if answer.json()["status"] != "ok":
            raise RuntimeError(f"the exchange answers {answer.text}")

    def info(self, **body: object) -> object:
        """The answer to one /info request."""
        answer = self._http.post(f"{self.url}/info", json=body)
        answer.raise_for_status()
        result: object = answer.json()
        return result

    def panel(self, path: str, **body: object) -> dict[str, object]:
        """The answer of the control panel; GET without a body, else POST."""
        url = f"http://127.0.0.1:{self.control_port}/{path}"
        answer = self._http.post(url, json=body) if body else self._http.get(url)
        answer.raise_for_status()
        result: dict[str, object] = answer.json()
        return result
