"""Every command of docs/live-trading.md is run against the simulator, with standard and with unified accounts."""

import asyncio
import re
from pathlib import Path

import pytest
from harness import eventually
from typer.testing import CliRunner

from executor.cli.commands import app
from executor.storage.halts import FolderUse, folder_use
from support.executor_process import CONTENDERS, ExecutorProcess, address_of, environment, kill_key_of
from support.simulator_process import ForkedSimulator

PAGE = Path(__file__).parents[2] / "docs" / "live-trading.md"
RUN = "make run"
"""Starts an arena: for the commands that follow it on testnet its executor is enough."""
TARGETS = {"make testnet-check": ["testnet-check"], "make kill-switch": ["kill-switch"]}


def commands() -> list[str]:
    """The lines of the page's shell blocks, in their order; those for containers need an engine."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks if "CONTAINERS" not in block for line in block.splitlines()]


def arguments_of(command: str) -> list[str]:
    """What the command line gets; a make target runs the command of its name."""
    return TARGETS.get(command) or command.removeprefix(".venv/bin/aicoin ").split()


@pytest.fixture
def variables(tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str) -> dict[str, str]:
    given = environment(tmp_path, api_url=simulator.url, redis_url=redis_url, database_url=database_url)
    kill_keys = {f"HYPERLIQUID_KILL_KEY_{model.upper()}": kill_key_of(model) for model in CONTENDERS}
    return given | kill_keys | {"HYPERLIQUID_ENV": "testnet", "AICOIN_MAINNET_CAP_USD": "100"}


@pytest.mark.parametrize(("mode", "word"), [("standard", "default"), ("unified", "unifiedAccount")])
async def test_every_command_of_the_page_works(
    tmp_path: Path, simulator: ForkedSimulator, variables: dict[str, str], mode: str, word: str
) -> None:
    for model in CONTENDERS:
        simulator.panel("account", user=address_of(model), mode=mode)
    executor = ExecutorProcess(tmp_path, variables)
    outputs = {}
    try:
        for command in commands()[1:]:
            if command == RUN:
                executor.start()
                await eventually("the folder in use", lambda: folder_use(tmp_path) is FolderUse.RUNNING)
                continue
            result = await asyncio.to_thread(CliRunner().invoke, app, arguments_of(command), env=variables)
            assert result.exit_code == 0, (command, result.output, result.exception)
            outputs[command] = result.stdout
    finally:
        executor.kill()
    assert f"mode               {word}" in outputs[".venv/bin/aicoin account --model deepseek"]
    assert f"mode {word}: 10,000.00 USD" in outputs["make testnet-check"]
    assert "All steps passed." in outputs["make testnet-check"]


def test_the_page_names_the_commands_that_are_run() -> None:
    assert commands()[0] == RUN
    assert {*TARGETS, RUN} < set(commands()[1:])
    assert len(commands()) > 8
