"""The launcher's settings: wrong ones end the start in one line, keys are demanded where money is real."""

from pathlib import Path

import pytest

from aicoin_local.configuration.environment import missing_keys, services_to_run, shared_variables
from aicoin_local.settings import LocalSettings, full_environment, load_settings
from common.runtime.roster import read_roster

ROSTER = read_roster(None)
KEYS = {
    "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK": "0x1",
    "HYPERLIQUID_PRIVATE_KEY_QWEN_FILE": "/run/secrets/qwen",
    "HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK": "0xa",
    "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN": "0xb",
    "DEEPSEEK_API_KEY": "d",
    "QWEN_API_KEY": "q",
}


def refusal(variables: dict[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which wrong settings end the start."""
    with pytest.raises(SystemExit) as ended:
        load_settings(variables)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATEWAY_PORT", "abc"),
        ("REDIS_PORT", "0"),
        ("METRICS_BASE_PORT", "65535"),
        ("HYPERLIQUID_ENV", "papre"),
        ("AICOIN_DATA_DIR", "100%"),
    ],
)
def test_wrong_setting_ends_the_start_with_name_and_value(
    variable: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refusal({variable: value}, capsys)
    assert line.startswith(f"aicoin: {variable}: ")
    assert line.endswith(f"(got '{value}')")


def test_password_in_a_wrong_url_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load_settings({"REDIS_URL": "http://:hunter2@127.0.0.1"})
    err = capsys.readouterr().err
    assert "REDIS_URL" in err
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "redis://:hidden@127.0.0.1:port/0"),
        ("REDIS_URL", "redis://:hid[den@127.0.0.1"),
        ("REDIS_URL", "redis://:hidden@127.0.0.1:1/0?no_such_option=1"),
        ("DATABASE_URL", "postgresql://u:hidden@127.0.0.1:port/d"),
        ("DATABASE_URL", "postgresql://u:hidden word@127.0.0.1:1/d"),
        ("DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/d?no_such_option=1"),
    ],
)
def test_url_that_no_client_accepts_is_refused_without_password(
    variable: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refusal({variable: value}, capsys)
    assert line.startswith(f"aicoin: {variable}: can't be read; it must be ")
    assert "hid" not in line


def test_environment_overrides_the_file_and_empty_is_unset(tmp_path: Path) -> None:
    dotenv = tmp_path / "env"
    dotenv.write_text("GATEWAY_PORT=1000\nREDIS_PORT=2000\nQWEN_MODEL=\n# NO=1\nTOKEN='a b$c'\n", encoding="utf-8")
    given = full_environment({"AICOIN_ENV_FILE": str(dotenv), "REDIS_PORT": "3000", "POSTGRES_PORT": ""})
    assert given["GATEWAY_PORT"] == "1000"
    assert given["REDIS_PORT"] == "3000"
    assert given["TOKEN"] == "a b$c"
    assert {"QWEN_MODEL", "NO", "POSTGRES_PORT"}.isdisjoint(given)


@pytest.mark.parametrize(
    ("name", "problem"), [("missing", "does not exist; name the file"), ("latin", "can't be read: 'utf-8' codec")]
)
def test_a_named_file_that_can_not_be_read_ends_the_start(
    tmp_path: Path, name: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin").write_bytes(b"GATEWAY_PORT=1000 # M\xfcnchen\n")
    with pytest.raises(SystemExit):
        full_environment({"AICOIN_ENV_FILE": str(tmp_path / name)})
    line = capsys.readouterr().err
    assert line.startswith("aicoin: ")
    assert f"{tmp_path / name} {problem}" in line
    assert line.count("\n") == 1


def test_a_file_that_others_can_read_is_made_private(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / ".env"
    file.write_text("CONTROL_TOKEN=secret\n", encoding="utf-8")
    file.chmod(0o644)
    assert full_environment({"AICOIN_ENV_FILE": str(file)})["CONTROL_TOKEN"] == "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "it is private now" in capsys.readouterr().err
    full_environment({"AICOIN_ENV_FILE": str(file)})
    assert capsys.readouterr().err == ""


def test_relative_data_folder_counts_from_the_project_root() -> None:
    folder = LocalSettings().data_dir
    assert folder.is_absolute()
    assert (folder.parent / "Makefile").is_file()


@pytest.mark.parametrize("missing", [*KEYS])
def test_each_missing_key_is_named_on_testnet(missing: str) -> None:
    settings = LocalSettings(hyperliquid_env="testnet")
    assert missing_keys(settings, KEYS, ROSTER) == []
    given = {name: value for name, value in KEYS.items() if name != missing}
    (problem,) = missing_keys(settings, given, ROSTER)
    assert problem.startswith(f"{missing.removesuffix('_FILE')}: not set")


def test_one_key_for_all_accounts_is_refused() -> None:
    for environment in ("paper", "testnet", "mainnet"):
        settings = LocalSettings(hyperliquid_env=environment)
        problems = missing_keys(settings, KEYS | {"HYPERLIQUID_PRIVATE_KEY": "0x1"}, ROSTER)
        assert [problem.partition(":")[0] for problem in problems] == ["HYPERLIQUID_PRIVATE_KEY"]


def test_paper_needs_no_keys_and_uses_the_simulator(tmp_path: Path) -> None:
    settings = LocalSettings(aicoin_data_dir=tmp_path)
    given = {"HYPERLIQUID_API_URL": "https://example.org", "HYPERLIQUID_PRIVATE_KEY_QWEN": "the user's own"}
    variables = shared_variables(settings, given, ROSTER, {})
    assert missing_keys(settings, {}, ROSTER) == []
    assert variables["HYPERLIQUID_API_URL"] == settings.simulator_services_url
    assert variables["HYPERLIQUID_PRIVATE_KEY_QWEN"].startswith("0x")
    assert variables["SIMULATOR_COINS"] == "BTC,ETH,SOL,BNB,DOGE,XRP"


def test_simulator_runs_on_paper_only() -> None:
    names = {
        env: [spec.name for spec in services_to_run(LocalSettings(hyperliquid_env=env), ROSTER)]
        for env in ("paper", "mainnet")
    }
    assert "simulator" in names["paper"]
    assert names["mainnet"] == [name for name in names["paper"] if name != "simulator"]
