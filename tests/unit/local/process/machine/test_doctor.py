"""aicoin doctor: each thing that is wrong is one line with what to do; the exit code says whether something is."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aicoin_local.process.lock import held
from aicoin_local.testing import free_block

KEY = "0x" + "1" * 64
WALLET_OF_KEY = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
"""The address of that key."""


class Exchange(BaseHTTPRequestHandler):
    """An exchange whose clock is off by `ahead_s`."""

    ahead_s = 0.0

    def do_POST(self) -> None:
        body = json.dumps({"time": round((time.time() + self.ahead_s) * 1000)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def exchange() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Exchange)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def doctor(folder: Path, *arguments: str, env_file: str = os.devnull, **variables: str) -> tuple[int, str]:
    """The exit code, and what was printed."""
    first = free_block(24)
    names = ("GATEWAY_PORT", "SIMULATOR_PORT", "REDIS_PORT", "POSTGRES_PORT", "METRICS_BASE_PORT")
    ports = {name: str(first + place) for place, name in enumerate(names)} | {
        "SIMULATOR_SERVICES_PORT": str(first + 23)
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"AICOIN_DATA_DIR": str(folder), "AICOIN_ENV_FILE": env_file} | ports | variables
    command = [sys.executable, "-m", "aicoin_local", "doctor", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_good_machine_passes_and_nothing_is_written(tmp_path: Path) -> None:
    code, text = doctor(tmp_path / "data", "--offline")
    assert (code, "PROBLEM" in text) == (0, False), text
    assert not (tmp_path / "data").exists()
    for subject in ("python", "memory", "disk", "settings", "ports", "redis", "postgres"):
        assert f" {subject} " in text


def test_every_problem_is_named_with_its_remedy(tmp_path: Path) -> None:
    dotenv = tmp_path / "settings"
    dotenv.write_text("CONTROL_TOKEN=short\nMAX_LEVERAGE=1000\nHYPERLIQUID_ENV=testnet\n", encoding="utf-8")
    dotenv.chmod(0o644)
    key = tmp_path / "key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, text = doctor(
            tmp_path / "data",
            "--offline",
            env_file=str(dotenv),
            GATEWAY_PORT=port,
            HYPERLIQUID_PRIVATE_KEY_QWEN="0xnot-a-key",
            HYPERLIQUID_ACCOUNT_ADDRESS_QWEN="0x12",
            HYPERLIQUID_PRIVATE_KEY_DEEPSEEK_FILE=str(key),
            HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK=WALLET_OF_KEY,
        )
    assert code == 1
    for words in (
        "others can read it, and it may hold keys",
        "CONTROL_TOKEN: is shorter than 32 bytes",
        "MAX_LEVERAGE: ",
        "HYPERLIQUID_PRIVATE_KEY_QWEN: not a private key",
        "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN: ",
        "DEEPSEEK_API_KEY: not set",
        f"HYPERLIQUID_PRIVATE_KEY_DEEPSEEK_FILE: others can read {key}",
        f"GATEWAY_PORT: port {port} is in use",
        "→ chmod 600",
    ):
        assert words in text, text
    assert "not-a-key" not in text
    assert KEY not in text


def test_an_accounts_own_key_is_found(tmp_path: Path) -> None:
    code, text = doctor(
        tmp_path / "data",
        "--offline",
        HYPERLIQUID_ENV="testnet",
        DEEPSEEK_API_KEY="sk-1",
        QWEN_API_KEY="sk-2",
        HYPERLIQUID_PRIVATE_KEY_QWEN="0x" + "2" * 64,
        HYPERLIQUID_ACCOUNT_ADDRESS_QWEN="0x" + "3" * 40,
        HYPERLIQUID_PRIVATE_KEY_DEEPSEEK=KEY,
        HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK=WALLET_OF_KEY,
    )
    assert code == 1
    assert "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK: this is an account's own key, which can withdraw" in text


@pytest.mark.parametrize(("ahead_s", "words"), [(0.0, "ok       clock"), (30.0, "warning  clock"), (-30.0, "ahead of")])
def test_the_clock_is_compared_with_the_exchange(
    tmp_path: Path, exchange: HTTPServer, monkeypatch: pytest.MonkeyPatch, ahead_s: float, words: str
) -> None:
    monkeypatch.setattr(Exchange, "ahead_s", ahead_s)
    code, text = doctor(tmp_path / "data", SIMULATOR_UPSTREAM_URL=f"http://127.0.0.1:{exchange.server_port}")
    assert (code, words in text) == (0, True), text
    assert text.count("a labeled stand-in answers") == 2


def test_an_exchange_that_is_away_matters_only_with_real_orders(tmp_path: Path) -> None:
    away = "http://127.0.0.1:1"
    code, text = doctor(tmp_path / "data", SIMULATOR_UPSTREAM_URL=away)
    assert (code, f"warning  exchange     {away} does not answer" in text) == (0, True), text
    code, text = doctor(tmp_path / "data", HYPERLIQUID_ENV="testnet", HYPERLIQUID_API_URL=away)
    assert (code, f"PROBLEM  exchange     {away} does not answer" in text) == (1, True), text


def test_a_launcher_without_its_services_is_found(tmp_path: Path) -> None:
    with held(tmp_path):
        code, text = doctor(tmp_path, "--offline")
    assert (code, "the launcher runs, but not its supervisor" in text) == (1, True), text
