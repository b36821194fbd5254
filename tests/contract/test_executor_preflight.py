"""A wrong account or key keeps entries back and is named; the testnet session proves a right one."""

from pathlib import Path

import pytest
from harness import eventually
from redis.asyncio import Redis
from typer.testing import CliRunner

from common.events.codec import decode
from executor.cli.commands import app
from executor.domain.account_standing import NOT_CHECKED
from support.executor_process import (
    CONTENDERS,
    ExecutorProcess,
    address_of,
    environment,
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
    return [line for line in lines[-2:] if line.startswith("executor: ")]


async def problems_of(folder: Path, variables: dict[str, str], model: str = "qwen") -> str:
    """What an executor that goes on running finds wrong with an account; its log has no key."""
    process = ExecutorProcess(folder, variables)
    process.log.unlink(missing_ok=True)
    client = Redis.from_url(variables["REDIS_URL"])
    await client.delete(f"account:{model}")

    async def look() -> str | None:
        body = await client.get(f"account:{model}")
        problems = () if body is None else decode("account.updated", body).data.problems
        return None if problems in ((), (NOT_CHECKED,)) else "; ".join(problems)

    process.start()
    try:
        found = await eventually("a finding", look, details=lambda: process.log.read_text()[-3000:])
    finally:
        process.kill()
        await client.aclose()
    text = process.log.read_text(encoding="utf-8")
    for secret in (UNKNOWN_KEY, *map(key_of, CONTENDERS), *map(master_key_of, CONTENDERS)):
        assert secret.removeprefix("0x") not in text
    return found


async def test_keys_of_the_wrong_accounts_are_named_and_send_nothing(
    tmp_path: Path, simulator: ForkedSimulator, variables: dict[str, str]
) -> None:
    swapped = variables | {KEY: key_of("deepseek"), KEY.replace("QWEN", "DEEPSEEK"): key_of("qwen")}
    found = await problems_of(tmp_path, swapped)
    assert f"its API wallet trades for {address_of('deepseek')}, not for {address_of('qwen')}" in found
    unknown = await problems_of(tmp_path, variables | {KEY: UNKNOWN_KEY})
    assert unknown.startswith(f"{KEY}: ")
    assert "is no API wallet of any account" in unknown
    own = await problems_of(tmp_path, variables | {KEY: master_key_of("qwen"), ACCOUNT: wallet_of("qwen")})
    assert "is an account of its own (user), whose key can withdraw" in own
    agent = await problems_of(tmp_path, variables | {ACCOUNT: kill_wallet_of("qwen")})
    assert agent.startswith(f"{ACCOUNT}: ")
    assert "is an API wallet; give the address of the account that it trades for" in agent
    for model in CONTENDERS:
        assert simulator.info(type="historicalOrders", user=address_of(model)) == []


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
