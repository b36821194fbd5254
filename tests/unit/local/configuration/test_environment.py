"""The variables of the kill switch are found whatever else is wrong."""

import json
from pathlib import Path

import pytest

from aicoin_local.configuration.environment import emergency_variables
from aicoin_local.configuration.paper import paper_environment


@pytest.mark.parametrize(
    "run",
    [
        {"simulator_url": "http://127.0.0.1:7"},
        {"simulator_url": "http://127.0.0.1:6", "simulator_services_url": "http://127.0.0.1:7"},
    ],
)
def test_paper_accounts_and_the_running_simulator_are_found(tmp_path: Path, run: dict[str, str]) -> None:
    made = paper_environment(tmp_path, ("qwen", "llama"))
    (tmp_path / "run.json").write_text(json.dumps(run), encoding="utf-8")
    found = emergency_variables({"AICOIN_DATA_DIR": str(tmp_path), "GATEWAY_PORT": "none", "ARENA_FILE": "missing"})
    assert found["HYPERLIQUID_KILL_KEY_LLAMA"] == made["HYPERLIQUID_KILL_KEY_LLAMA"]
    assert found["HYPERLIQUID_ACCOUNT_ADDRESS_QWEN"] == made["HYPERLIQUID_ACCOUNT_ADDRESS_QWEN"]
    assert found["HYPERLIQUID_API_URL"] == "http://127.0.0.1:7"
    assert found["EXECUTOR_DATA_DIR"] == str(tmp_path / "executor")
    assert emergency_variables({"EXECUTOR_DATA_DIR": "/elsewhere"})["EXECUTOR_DATA_DIR"] == "/elsewhere"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"qwen": {}}'])
def test_files_that_cannot_be_read_stop_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "paper_keys.json").write_text(content, encoding="utf-8")
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    found = emergency_variables({"AICOIN_DATA_DIR": str(tmp_path), "HYPERLIQUID_KILL_KEY_QWEN": "0x1"})
    assert found["HYPERLIQUID_KILL_KEY_QWEN"] == "0x1"


def test_on_a_real_exchange_no_paper_account_is_taken(tmp_path: Path) -> None:
    paper_environment(tmp_path, ("qwen",))
    found = emergency_variables({"AICOIN_DATA_DIR": str(tmp_path), "HYPERLIQUID_ENV": "mainnet"})
    assert not any(name.startswith("HYPERLIQUID_KILL_KEY") for name in found)
