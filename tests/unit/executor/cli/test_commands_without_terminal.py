"""The commands as a container runs them: by module, without a terminal."""

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    command = [sys.executable, "-m", *arguments]
    environment = os.environ | {"EXECUTOR_DATA_DIR": str(folder)} | settings
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_resume_works_by_module(tmp_path: Path) -> None:
    code, shown = run(tmp_path, "executor.cli.commands", "resume")
    assert (code, "no halt file" in shown) == (1, True)


def test_mainnet_is_armed_by_naming_the_cap(tmp_path: Path) -> None:
    accounts = {f"HYPERLIQUID_ACCOUNT_ADDRESS_{name}": "0x" + "a" * 40 for name in ("DEEPSEEK", "QWEN")}
    module = ("executor.cli.arm_mainnet", "--cap-usd")
    assert run(tmp_path, *module, "99", AICOIN_MAINNET_CAP_USD="100", **accounts)[0] != 0
    code, shown = run(tmp_path, *module, "100", AICOIN_MAINNET_CAP_USD="100", **accounts)
    assert (code, [path.name for path in tmp_path.iterdir()]) == (0, ["mainnet-confirmed.json"]), shown
