"""A simulator as a real process on free ports."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx

START_LIMIT_S = 90.0
END_LIMIT_S = 60.0


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
        self._folder = folder
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
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "SimulatorProcess":
        """Starts the process, after a restart on the same ports, and returns when it answers."""
        ports = {
            "SIMULATOR_PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "SIMULATOR_CONTROL_PORT": str(self.control_port),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simulator.main"],
            env=os.environ | self._environment | ports,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,  # A buffer would hold lines that select doesn't see.
        )
        while (started := json.loads(self._next_line()))["event"] != "started":
            pass
        self.port, self.metrics_port = started["port"], started["metrics_port"]
        self.control_port = started["control_port"]
        httpx.post(f"{self.url}/info", json={"type": "allMids"}, timeout=60).raise_for_status()
        return self

    def _next_line(self) -> bytes:
        assert self._process is not None  # noqa: S101 - start has set them
        assert self._process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                line = self._process.stdout.readline()
                if not line:
                    raise RuntimeError(
                        f"the simulator ended with {self._process.wait(END_LIMIT_S)} before it had started"
                    )
                return line
        raise TimeoutError("the simulator did not start")

    def stop(self) -> int:
        """Sends SIGTERM; returns the exit code."""
        return self._end(kill=False)

    def kill(self) -> int:
        """Sends SIGKILL; returns the exit code."""
        return self._end(kill=True)

    def _end(self, *, kill: bool) -> int:
        assert self._process is not None  # noqa: S101 - only a started one is ended
        assert self._process.stdout is not None  # noqa: S101
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        code = self._process.wait(END_LIMIT_S)
        self._process.stdout.close()
        return code

    def fund(self, address: str, usd: str = "10000") -> None:
        httpx.post(f"{self.url}/faucet", json={"user": address, "usd": usd}, timeout=60).raise_for_status()

    def info(self, **body: object) -> object:
        """The answer to one /info request."""
        answer = httpx.post(f"{self.url}/info", json=body, timeout=60)
        answer.raise_for_status()
        result: object = answer.json()
        return result

    def panel(self, path: str, **body: object) -> dict[str, object]:
        """The answer of the control panel; GET without a body, else POST."""
        url = f"http://127.0.0.1:{self.control_port}/{path}"
        answer = httpx.post(url, json=body, timeout=60) if body else httpx.get(url, timeout=60)
        answer.raise_for_status()
        result: dict[str, object] = answer.json()
        return result
