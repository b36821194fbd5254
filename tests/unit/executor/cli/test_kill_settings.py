"""The kill switch's settings: what is wrong with one of them keeps no other account from being taken out."""

from pathlib import Path

import pytest

from common.runtime import settings as service_settings
from executor.cli import kill_settings
from executor.cli.kill_settings import known_models, read_kill_settings
from executor.domain import variables
from support.executor_process import address_of, key_of, kill_key_of, master_key_of

GIVEN = {
    "HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK": address_of("deepseek"),
    "HYPERLIQUID_KILL_KEY_DEEPSEEK": kill_key_of("deepseek"),
    "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK": key_of("deepseek"),
    "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN": address_of("qwen"),
    "HYPERLIQUID_PRIVATE_KEY_QWEN": key_of("qwen"),
}


def test_every_account_of_the_environment_is_taken_with_its_keys() -> None:
    settings = read_kill_settings(None, GIVEN)
    assert (settings.problems, settings.notes) == ((), ())
    assert settings.url == "http://127.0.0.1:3001"
    assert [(each.model, [key.variable for key in each.keys]) for each in settings.accounts] == [
        ("deepseek", ["HYPERLIQUID_KILL_KEY_DEEPSEEK", "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK"]),
        ("qwen", ["HYPERLIQUID_PRIVATE_KEY_QWEN"]),
    ]
    assert known_models(GIVEN) == ["deepseek", "qwen"]
    assert [each.model for each in read_kill_settings("qwen", GIVEN).accounts] == ["qwen"]
    assert key_of("qwen")[2:] not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HYPERLIQUID_ACCOUNT_ADDRESS_QWEN", "0x12"),
        ("HYPERLIQUID_PRIVATE_KEY_QWEN", "no key"),
        ("HYPERLIQUID_PRIVATE_KEY_QWEN", master_key_of("qwen")),
    ],
)
def test_one_unusable_account_is_named_and_the_other_taken(name: str, value: str) -> None:
    settings = read_kill_settings(None, GIVEN | {name: value})
    assert [each.model for each in settings.accounts] == ["deepseek"]
    [problem] = settings.problems
    assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize("value", ["no key", master_key_of("deepseek")])
def test_a_wrong_kill_key_leaves_the_executors(value: str) -> None:
    settings = read_kill_settings("deepseek", GIVEN | {"HYPERLIQUID_KILL_KEY_DEEPSEEK": value})
    assert [key.variable for key in settings.accounts[0].keys] == ["HYPERLIQUID_PRIVATE_KEY_DEEPSEEK"]
    [note] = settings.notes
    assert note.startswith("HYPERLIQUID_KILL_KEY_DEEPSEEK: ")
    assert value[2:] not in note or value == "no key"


def test_a_key_in_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    given = GIVEN | {"HYPERLIQUID_KILL_KEY_QWEN_FILE": str(tmp_path / "missing")}
    [note] = read_kill_settings("qwen", given).notes
    assert note.startswith("HYPERLIQUID_KILL_KEY_QWEN_FILE: ")


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"HYPERLIQUID_ENV": "mainnet"}, "https://api.hyperliquid.xyz"),
        ({"HYPERLIQUID_ENV": "mainnet", "SIMULATOR_URL": "http://127.0.0.1:5"}, "https://api.hyperliquid.xyz"),
        ({"SIMULATOR_URL": "http://127.0.0.1:5"}, "http://127.0.0.1:5"),
        ({"HYPERLIQUID_ENV": "moon", "HYPERLIQUID_API_URL": "http://127.0.0.1:5"}, "http://127.0.0.1:5"),
        ({"HYPERLIQUID_ENV": "testnet", "HYPERLIQUID_API_URL": "ftp:"}, "https://api.hyperliquid-testnet.xyz"),
    ],
)
def test_the_exchange_is_found(changed: dict[str, str], url: str) -> None:
    assert read_kill_settings(None, GIVEN | changed).url == url


def test_an_unknown_environment_is_a_problem() -> None:
    settings = read_kill_settings(None, GIVEN | {"HYPERLIQUID_ENV": "moon"})
    assert settings.accounts == ()
    assert settings.problems[0].startswith("HYPERLIQUID_ENV: 'moon'")


@pytest.mark.parametrize(("given", "seconds"), [("", 3.0), ("soon", 3.0), ("-1", 3.0), ("nan", 3.0), ("1.5", 1.5)])
def test_a_wrong_timeout_is_replaced(given: str, seconds: float) -> None:
    assert read_kill_settings(None, GIVEN | {"EXCHANGE_TIMEOUT_S": given}).timeout_s == seconds


def test_a_containers_key_is_found_among_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hyperliquid_private_key_qwen").write_text(key_of("qwen"), encoding="utf-8")
    monkeypatch.setattr(kill_settings, "SECRET_FILES", tmp_path)
    settings = read_kill_settings("qwen", GIVEN | {"HYPERLIQUID_PRIVATE_KEY_QWEN": ""})
    assert [key.variable for account in settings.accounts for key in account.keys] == ["HYPERLIQUID_PRIVATE_KEY_QWEN"]
    assert settings.problems == ()


def test_secrets_lie_where_services_look_for_them() -> None:
    assert variables.SECRET_FILES == service_settings.SECRET_FILES
