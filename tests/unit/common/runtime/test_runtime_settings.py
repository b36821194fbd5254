"""Every service's settings: nonsense ends the start in one line that names the variable, and shows no secret."""

import errno
import importlib
import socket
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from pydantic_settings import BaseSettings

from common.agent.settings import agent_settings
from common.runtime import settings as settings_module
from common.runtime.roster import read_roster
from common.runtime.settings import PRIVATE, ServiceSettings, load_settings, refuse_address
from common.trading.roster import Contender

LLAMA = Contender(
    id="llama",
    name="Llama",
    provider="deepseek",
    strategy="trend-v2",
    color="#7A3FB0",
    color_dark="#C49BFF",
    mark="square",
)
ROSTER = read_roster(None)
AGENTS = {
    "agent-deepseek": ("agent_deepseek", ROSTER.contender("deepseek")),
    "agent-llama": ("agent_openai", LLAMA),
    "agent-qwen": ("agent_qwen", ROSTER.contender("qwen")),
}
SERVICES = {
    "executor": ("executor", "ExecutorSettings"),
    "gateway": ("gateway", "GatewaySettings"),
    "ingester": ("ingester", "IngesterSettings"),
    "recorder": ("recorder", "RecorderSettings"),
    "risk": ("risk", "RiskSettings"),
}
EVERY = tuple(AGENTS | SERVICES)
NONSENSE = "nonsense – 74f1"
FREE_TEXT = {
    "aicoin_data_dir",
    "aicoin_arm_mainnet",
    "alert_token",
    "bind_host",
    "capture_dir",
    "control_token",
    "deepseek_model",
    "executor_data_dir",
    "gateway_web_dir",
    "instance",
    "llama_model",
    "qwen_model",
    "read_token",
    "resume_token",
}
"""What may be any text: a name of the provider's, an address to listen at, a folder, addresses, a password."""


def settings_class(service: str) -> type[BaseSettings]:
    if service in AGENTS:
        package, contender = AGENTS[service]
        return agent_settings(contender, importlib.import_module(f"{package}.config").PROFILE)
    package, name = SERVICES[service]
    found: type[BaseSettings] = getattr(importlib.import_module(f"{package}.config"), name)
    return found


def good(index: int) -> dict[str, str]:
    account, wallet = (Account.from_key(bytes([index + step] * 32)) for step in (1, 2))
    model = ("DEEPSEEK", "QWEN")[index // 2]
    return {
        f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}": account.address,
        f"HYPERLIQUID_PRIVATE_KEY_{model}": f"0x{bytes(wallet.key).hex()}",
    }


@pytest.fixture(autouse=True)
def _good_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough for every service to start."""
    for service in EVERY:
        for name in settings_class(service).model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
    database = {"DATABASE_URL": "postgresql://u:p@h:1/d", "METRICS_PORT": "0"}
    for name, value in (good(0) | good(2) | database).items():
        monkeypatch.setenv(name, value)


def every_setting() -> list[tuple[str, str]]:
    return [(service, name) for service in EVERY for name in settings_class(service).model_fields]


@pytest.mark.parametrize("service", EVERY)
def test_the_good_environment_is_good(service: str) -> None:
    assert isinstance(load_settings(service, settings_class(service)), ServiceSettings)


@pytest.mark.parametrize(("service", "name"), [each for each in every_setting() if each[1] not in FREE_TEXT])
def test_nonsense_ends_the_start_with_the_variables_name(
    service: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variable = name.upper()
    if name.endswith("_file"):
        monkeypatch.delenv(variable.removesuffix("_FILE"))
    monkeypatch.setenv(variable, NONSENSE)
    with pytest.raises(SystemExit) as ended:
        load_settings(service, settings_class(service))
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert errors.startswith(f"{service}: {variable}: ")
    assert errors.count("\n") == 1
    if any(word in variable for word in PRIVATE) and not name.endswith("_file"):
        assert NONSENSE not in errors


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "redis://:hidden@host:port/0"),
        ("REDIS_URL", "redis://:hidden@host:1/0?no_such_option=1"),
        ("DATABASE_URL", "mysql://u:hidden@h/d"),
        ("DATABASE_URL", "postgresql://u:hidden@h:port/d"),
        ("DATABASE_URL", "postgresql://u:hidden@h:1/d?no_such_option=1"),
    ],
)
def test_an_address_that_no_client_takes_is_refused_without_its_password(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        load_settings("risk", settings_class("risk"))
    errors = capsys.readouterr().err
    assert errors.startswith(f"risk: {variable}: can't be read; it must be ")
    assert "hidden" not in errors


@pytest.mark.parametrize("value", ["http://[hidden", "http://hidden:port", "http://hid den", "http://", "ftp://hidden"])
@pytest.mark.parametrize(
    ("service", "variable"),
    [
        (service, name.upper())
        for service, name in every_setting()
        if name.endswith("_url") and name not in ("redis_url", "database_url")
    ],
)
def test_a_url_that_no_client_takes_ends_the_start(
    service: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        load_settings(service, settings_class(service))
    errors = capsys.readouterr().err
    assert errors.startswith(f"{service}: {variable}: ")
    assert errors.count("\n") == 1
    assert "hid" not in errors


def test_a_host_that_is_not_this_machines_is_refused_by_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (socket.gaierror(-2, "Name or service not known"), OSError(errno.EADDRNOTAVAIL, "Cannot assign")):
        with pytest.raises(SystemExit):
            refuse_address("risk", "METRICS_PORT", "nowhere", 9103, error)
        assert capsys.readouterr().err.startswith("risk: BIND_HOST: nowhere:9103 can't be used: ")
    with pytest.raises(SystemExit):
        refuse_address("risk", "METRICS_PORT", "127.0.0.1", 9103, OSError(errno.EADDRINUSE, "Address already in use"))
    assert capsys.readouterr().err == (
        "risk: METRICS_PORT: 127.0.0.1:9103 can't be used: Address already in use; choose another port\n"
    )


@pytest.mark.parametrize("key", ["sk-hidden ключ", "sk-hidden\nsk-second", "sk hidden"])
@pytest.mark.parametrize(
    ("service", "variable"), [("agent-deepseek", "DEEPSEEK_API_KEY"), ("agent-qwen", "QWEN_API_KEY")]
)
def test_a_key_that_no_header_can_carry_is_refused_unseen(
    service: str, variable: str, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, key)
    with pytest.raises(SystemExit):
        load_settings(service, settings_class(service))
    errors = capsys.readouterr().err
    assert errors.startswith(f"{service}: {variable}: ")
    assert "hidden" not in errors


def test_origins_are_what_browsers_send(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://arena.example, http://127.0.0.1:5173")
    settings: Any = load_settings("gateway", settings_class("gateway"))
    assert settings.origins == {"https://arena.example", "http://127.0.0.1:5173"}
    for wrong in ("arena.example", "https://arena.example/", "*"):
        monkeypatch.setenv("ALLOWED_ORIGINS", wrong)
        with pytest.raises(SystemExit):
            load_settings("gateway", settings_class("gateway"))
        assert capsys.readouterr().err.startswith("gateway: ALLOWED_ORIGINS: must be a comma list of origins")


def test_a_setting_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SystemExit):
        load_settings("recorder", settings_class("recorder"))
    assert capsys.readouterr().err == "recorder: DATABASE_URL: not set; give it in the environment or in .env\n"


def test_a_good_key_is_neither_refused_nor_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-0123456789abcdef")
    settings: Any = load_settings("agent-deepseek", settings_class("agent-deepseek"))
    assert settings.deepseek_api_key.get_secret_value() == "sk-0123456789abcdef"
    assert "0123456789abcdef" not in repr(settings)


def test_a_file_gives_a_setting_unless_the_environment_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contender = ROSTER.contender("deepseek")
    (tmp_path / "deepseek_api_key").write_text("sk-of-the-file\n", encoding="utf-8")
    (tmp_path / "other").write_text("nothing that is read", encoding="utf-8")
    monkeypatch.setattr(settings_module, "SECRET_FILES", tmp_path)
    monkeypatch.setenv("METRICS_PORT", "0")
    own = agent_settings(contender, importlib.import_module("agent_deepseek.config").PROFILE)

    def key() -> str:
        return str(getattr(load_settings("agent-deepseek", own), "deepseek_api_key").get_secret_value())  # noqa: B009

    monkeypatch.setenv("DEEPSEEK_API_KEY", "")
    assert key() == "sk-of-the-file"
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-of-the-environment")
    assert key() == "sk-of-the-environment"
