"""A wrong account or key ends the start before anything is sent; the testnet session proves a right one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from executor.cli.commands import app
from support.executor_process import (
    CONTENDERS,
    ExecutorProcess,
    address_of,
    environment,
    fresh_accounts,
    key_of,
    kill_wallet_of,
    master_key_of,
    wallet_of,
)
from support.simulator_process import ForkedSimulator

UNKNOWN_KEY = "0x" + "29" * 32
KEY = "HYPERLIQUID_PRIVATE_KEY_QWEN"
ACCOUNT = "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN"


@pytest.fixture
def variables(tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str) -> dict[str, str]:
    return environment(tmp_path, api_url=simulator.url, redis_url=redis_url, database_url=database_url)


def refused(folder: Path, variables: dict[str, str]) -> list[str]:
    """The lines with which an executor refuses to start, which come last."""
    process = ExecutorProcess(folder, variables)
    process.log.unlink(missing_ok=True)
    process.start()
    assert process.wait() == 2
    lines = process.log.read_text(encoding="utf-8").splitlines()
    for secret in (UNKNOWN_KEY, *map(key_of, CONTENDERS), *map(master_key_of, CONTENDERS)):
        assert secret.removeprefix("0x") not in "".join(lines)
    return [line for line in lines[-2:] if line.startswith("executor: ")]


def test_keys_of_the_wrong_accounts_end_the_start(
    tmp_path: Path, simulator: ForkedSimulator, variables: dict[str, str]
) -> None:
    swapped = variables | {KEY: key_of("deepseek"), KEY.replace("QWEN", "DEEPSEEK"): key_of("qwen")}
    lines = refused(tmp_path, swapped)
    assert f"its API wallet trades for {address_of('deepseek')}, not for {address_of('qwen')}" in lines[-1] or (
        f"its API wallet trades for {address_of('qwen')}, not for {address_of('deepseek')}" in lines[-1]
    )
    [unknown] = refused(tmp_path, variables | {KEY: UNKNOWN_KEY})
    assert unknown.startswith(f"executor: {KEY}: ")
    assert "is no API wallet of any account" in unknown
    [own] = refused(tmp_path, variables | {KEY: master_key_of("qwen"), ACCOUNT: wallet_of("qwen")})
    assert "is an account of its own (user), whose key can withdraw" in own
    [agent] = refused(tmp_path, variables | {ACCOUNT: kill_wallet_of("qwen")})
    assert agent.startswith(f"executor: {ACCOUNT}: ")
    assert "is an API wallet; give the address of the account that it trades for" in agent
    for model in CONTENDERS:
        assert simulator.info(type="historicalOrders", user=address_of(model)) == []


def test_an_account_without_funds_is_named(
    tmp_path: Path, shared_simulator: ForkedSimulator, redis_url: str, database_url: str
) -> None:
    with fresh_accounts(shared_simulator, usd="5"):
        given = environment(tmp_path, api_url=shared_simulator.url, redis_url=redis_url, database_url=database_url)
        lines = refused(tmp_path, given | {"HYPERLIQUID_ENV": "testnet"})
        assert "holds 5.00 USD in perpetuals; at least 20 are needed" in lines[-1]


def test_certificates_that_are_not_there_are_named(tmp_path: Path, redis_url: str, database_url: str) -> None:
    given = environment(tmp_path, api_url="https://127.0.0.1:9", redis_url=redis_url, database_url=database_url)
    missing = {"REQUESTS_CA_BUNDLE": str(tmp_path / "none.pem")}
    [line] = refused(tmp_path, given | missing)
    assert line.startswith("executor: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: ")
    assert "none.pem; give a file that exists" in line
    result = CliRunner().invoke(app, ["account", "--model", "qwen"], env=given | missing)
    assert result.exit_code == 1
    assert result.stderr == line.removeprefix("executor: ") + "\n"


def test_the_session_on_testnet_passes_step_by_step(simulator: ForkedSimulator, variables: dict[str, str]) -> None:
    testnet = variables | {"HYPERLIQUID_ENV": "testnet"}
    result = CliRunner().invoke(app, ["testnet-check"], env=testnet)
    assert result.exit_code == 0, result.output
    steps = ("settings", "balances", "leverage", "bracket", "partial close", "order and cancel", "flatten", "reconcile")
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        f"{model:<9} ok      {step}" for model in CONTENDERS for step in steps
    ]
    assert lines[-1] == "All steps passed."
    for model in CONTENDERS:
        assert simulator.info(type="frontendOpenOrders", user=address_of(model)) == []


def test_the_session_says_which_step_failed_and_trades_on_testnet_only(variables: dict[str, str]) -> None:
    paper = CliRunner().invoke(app, ["testnet-check"], env=variables)
    assert paper.exit_code == 1
    assert "HYPERLIQUID_ENV: is paper" in paper.stderr
    wrong = variables | {"HYPERLIQUID_ENV": "testnet", KEY: UNKNOWN_KEY}
    result = CliRunner().invoke(app, ["testnet-check", "--model", "qwen"], env=wrong)
    assert result.exit_code == 1
    assert "qwen      FAILED  settings: HYPERLIQUID_PRIVATE_KEY_QWEN" in result.stdout
