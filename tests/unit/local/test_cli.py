"""The aicoin command as a process: refusals before anything starts, each in one line with exit code 2."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from aicoin_local.process.lock import held


def aicoin(data_dir: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "SSL_CERT_FILE") if name in os.environ}
    environment |= {"AICOIN_DATA_DIR": str(data_dir), "AICOIN_ENV_FILE": os.devnull} | variables
    command = [sys.executable, "-m", "aicoin_local", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_busy_port_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = aicoin(tmp_path / "data", "run", GATEWAY_PORT=str(port))
    assert done.returncode == 2
    assert f"aicoin: GATEWAY_PORT: port {port} is in use" in done.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["lock"]


def test_wrong_setting_is_refused(tmp_path: Path) -> None:
    done = aicoin(tmp_path, "run", REDIS_PORT="abc")
    assert done.returncode == 2
    assert done.stderr.startswith("aicoin: REDIS_PORT: ")
    assert len(done.stderr.splitlines()) == 1


def test_testnet_without_keys_names_each_and_prints_none(tmp_path: Path) -> None:
    done = aicoin(tmp_path, "run", HYPERLIQUID_ENV="testnet", HYPERLIQUID_PRIVATE_KEY_QWEN="0xsecret")
    assert done.returncode == 2
    named = [line.split(": ")[1] for line in done.stderr.splitlines()]
    assert "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK" in named
    assert "HYPERLIQUID_PRIVATE_KEY_QWEN" not in named
    assert "secret" not in done.stderr


def test_second_start_names_the_running_arena(tmp_path: Path) -> None:
    with held(tmp_path):
        done = aicoin(tmp_path, "run", GATEWAY_PORT="18999")
    assert done.returncode == 2
    assert f"runs already (pid {os.getpid()}): http://127.0.0.1:18999" in done.stderr
    assert "make stop" in done.stderr


def test_commands_without_an_arena_are_refused(tmp_path: Path) -> None:
    for arguments in (["status"], ["restart", "risk"]):
        done = aicoin(tmp_path, *arguments)
        assert done.returncode == 2
        assert "make run starts one" in done.stderr
    done = aicoin(tmp_path, "stop")
    assert (done.returncode, done.stdout.strip()) == (0, f"nothing runs with its data in {tmp_path}")


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = aicoin(tmp_path, "--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("run", "status", "logs", "restart", "stop", "env", "test"))
