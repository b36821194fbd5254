"""Settings: every unsafe combination ends the start, naming the variable and never showing a key."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from typer import Typer
from typer.testing import CliRunner

from common.runtime.roster import read_roster
from common.runtime.settings import load_settings
from common.trading.request_weight import EXECUTOR_LEAST_PER_MINUTE
from executor.cli.arm_mainnet import arm_mainnet
from executor.config import executor_settings
from executor.storage.confirmations import Confirmation, read_confirmation, write_confirmation
from support.executor_process import CONTENDERS, address_of, environment, key_of, wallet_of

ROSTER = read_roster(None)
SETTINGS = executor_settings(ROSTER)
OTHER_KEY = "0x" + "29" * 32
MAINNET_URL = "https://api.hyperliquid.xyz"


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    given = environment(tmp_path, api_url="http://127.0.0.1:3001", redis_url="redis://h", database_url="postgresql://h")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in ("HYPERLIQUID_PRIVATE_KEY", "AICOIN_ARM_MAINNET", "AICOIN_MAINNET_CAP_USD"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        load_settings("executor", SETTINGS)
    assert ended.value.code == 2
    text = capsys.readouterr().err
    for secret in (key_of("deepseek"), key_of("qwen"), OTHER_KEY):
        assert secret.removeprefix("0x") not in text
    return text


def arm(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("HYPERLIQUID_ENV", "mainnet")
    variables.delenv("HYPERLIQUID_API_URL")
    variables.setenv("AICOIN_ARM_MAINNET", f"{address_of('deepseek')},{address_of('qwen')}")
    variables.setenv("AICOIN_MAINNET_CAP_USD", "100")
    confirmed = Confirmation(frozenset(address_of(model) for model in CONTENDERS), Decimal(100))
    write_confirmation(Path(os.environ["EXECUTOR_DATA_DIR"]), confirmed, "now")


def test_paper_is_the_default_and_keys_do_not_show(variables: pytest.MonkeyPatch) -> None:
    variables.delenv("HYPERLIQUID_ENV")
    settings = load_settings("executor", SETTINGS)
    assert settings.hyperliquid_env == "paper"
    assert settings.key_of("qwen") == key_of("qwen")
    assert key_of("qwen").removeprefix("0x") not in repr(settings)


def test_a_key_can_come_from_a_file(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(OTHER_KEY + "\n", encoding="utf-8")
    variables.delenv("HYPERLIQUID_PRIVATE_KEY_QWEN")
    variables.setenv("HYPERLIQUID_PRIVATE_KEY_QWEN_FILE", str(path))
    assert load_settings("executor", SETTINGS).key_of("qwen") == OTHER_KEY


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HYPERLIQUID_PRIVATE_KEY", OTHER_KEY, "HYPERLIQUID_PRIVATE_KEY: one key can't trade several accounts"),
        ("HYPERLIQUID_PRIVATE_KEY_QWEN", "", "HYPERLIQUID_PRIVATE_KEY_QWEN: not set"),
        ("HYPERLIQUID_PRIVATE_KEY_QWEN", "0x12zz", "HYPERLIQUID_PRIVATE_KEY_QWEN: not a private key"),
        ("HYPERLIQUID_PRIVATE_KEY_QWEN", key_of("deepseek"), "HYPERLIQUID_PRIVATE_KEY_QWEN: another contender has the"),
        ("HYPERLIQUID_ACCOUNT_ADDRESS_QWEN", "0x12", "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN: string should match"),
        ("HYPERLIQUID_ACCOUNT_ADDRESS_QWEN", wallet_of("qwen"), "HYPERLIQUID_PRIVATE_KEY_QWEN: this is an account's"),
        (
            "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN",
            address_of("deepseek"),
            "ADDRESS_QWEN: another contender",
        ),
        ("HYPERLIQUID_API_URL", MAINNET_URL, "HYPERLIQUID_API_URL: is a real exchange"),
        ("HYPERLIQUID_API_URL", "http://127.0.0.1:3001/", "HYPERLIQUID_API_URL: string should match"),
        ("HYPERLIQUID_ENV", "live", "HYPERLIQUID_ENV: input should be"),
        ("DATABASE_URL", "", "DATABASE_URL: not set"),
    ],
)
def test_a_wrong_setting_names_itself(
    variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, says: str
) -> None:
    variables.setenv(name, value)
    assert says in refusal(capsys)


def test_testnet_never_talks_to_real_money(variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    variables.setenv("HYPERLIQUID_ENV", "testnet")
    variables.setenv("HYPERLIQUID_API_URL", MAINNET_URL)
    assert "HYPERLIQUID_API_URL: is real money" in refusal(capsys)
    variables.delenv("HYPERLIQUID_API_URL")
    assert load_settings("executor", SETTINGS).api_url == "https://api.hyperliquid-testnet.xyz"


def test_mainnet_needs_every_switch(variables: pytest.MonkeyPatch) -> None:
    arm(variables)
    assert load_settings("executor", SETTINGS).api_url == MAINNET_URL


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AICOIN_ARM_MAINNET", "", "AICOIN_ARM_MAINNET: must list exactly"),
        ("AICOIN_ARM_MAINNET", "yes", "AICOIN_ARM_MAINNET: must list exactly"),
        ("AICOIN_ARM_MAINNET", address_of("qwen"), "AICOIN_ARM_MAINNET: must list exactly"),
        ("AICOIN_MAINNET_CAP_USD", "", "AICOIN_MAINNET_CAP_USD: not set"),
        ("AICOIN_MAINNET_CAP_USD", "100.01", "AICOIN_MAINNET_CAP_USD: 100.01 USD per order is not"),
        ("EXECUTOR_DATA_DIR", "/nowhere", "AICOIN_MAINNET_CAP_USD: 100 USD per order is not"),
        ("AICOIN_MAINNET_CAP_USD", "0", "AICOIN_MAINNET_CAP_USD: input should be greater than 0"),
        ("HYPERLIQUID_API_URL", "http://127.0.0.1:3001", "HYPERLIQUID_API_URL: HYPERLIQUID_ENV is mainnet"),
    ],
)
def test_mainnet_without_one_of_its_switches(
    variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, says: str
) -> None:
    arm(variables)
    variables.setenv(name, value)
    assert says in refusal(capsys)


def test_a_file_that_holds_no_key_is_named_without_its_content(
    variables: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "key"
    path.write_text("hunter2", encoding="utf-8")
    variables.delenv("HYPERLIQUID_PRIVATE_KEY_QWEN")
    variables.setenv("HYPERLIQUID_PRIVATE_KEY_QWEN_FILE", str(path))
    text = refusal(capsys)
    assert "HYPERLIQUID_PRIVATE_KEY_QWEN_FILE: not a private key" in text
    assert "hunter2" not in text


def test_the_test_accounts_are_not_their_own_wallets() -> None:
    assert Account.from_key(key_of("qwen")).address.lower() == wallet_of("qwen") != address_of("qwen")


def test_real_money_is_confirmed_by_typing_the_cap(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arm(variables)
    (tmp_path / "mainnet-confirmed.json").unlink()
    shell = Typer()
    shell.command()(arm_mainnet)
    wrong = CliRunner().invoke(shell, [], input="1000\n")
    assert wrong.exit_code == 1
    assert read_confirmation(tmp_path) is None
    right = CliRunner().invoke(shell, [], input="100\n")
    assert right.exit_code == 0, right.output
    assert "REAL MONEY" in right.output
    assert load_settings("executor", SETTINGS).api_url == MAINNET_URL


def test_a_third_contender_has_settings_of_its_own(variables: pytest.MonkeyPatch, capsys: Any) -> None:
    third = ROSTER.contenders[0].model_copy(update={"id": "mistral", "name": "Mistral", "color": "#123456"})
    roster = ROSTER.model_copy(update={"contenders": (*ROSTER.contenders, third)})
    with pytest.raises(SystemExit):
        load_settings("executor", executor_settings(roster))
    assert "HYPERLIQUID_ACCOUNT_ADDRESS_MISTRAL: not set" in capsys.readouterr().err
    variables.setenv("HYPERLIQUID_ACCOUNT_ADDRESS_MISTRAL", address_of("mistral"))
    with pytest.raises(SystemExit):
        load_settings("executor", executor_settings(roster))
    assert "HYPERLIQUID_PRIVATE_KEY_MISTRAL: not set" in capsys.readouterr().err
    variables.setenv("HYPERLIQUID_PRIVATE_KEY_MISTRAL", key_of("mistral"))
    settings = load_settings("executor", executor_settings(roster))
    assert settings.contenders == ("deepseek", "qwen", "mistral")
    assert settings.key_of("mistral") == key_of("mistral")
    assert "mistral" not in executor_settings(ROSTER).contenders


def test_a_faster_paper_market_has_the_weight_of_each_of_its_minutes(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("MARKET_SPEED", "300")
    variables.setenv("REQUEST_WEIGHT_PER_MINUTE", "600")
    assert load_settings("executor", SETTINGS).weight_per_minute == 180_000
    arm(variables)
    assert load_settings("executor", SETTINGS).weight_per_minute == 600


def test_too_little_weight_for_the_accounts_checks_is_refused(
    variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables.setenv("REQUEST_WEIGHT_PER_MINUTE", str(EXECUTOR_LEAST_PER_MINUTE - 1))
    with pytest.raises(SystemExit):
        load_settings("executor", SETTINGS)
    assert "REQUEST_WEIGHT_PER_MINUTE: " in capsys.readouterr().err
    variables.setenv("REQUEST_WEIGHT_PER_MINUTE", str(EXECUTOR_LEAST_PER_MINUTE))
    assert load_settings("executor", SETTINGS).weight_per_minute == EXECUTOR_LEAST_PER_MINUTE
