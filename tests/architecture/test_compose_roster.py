"""Compose follows the roster: every service reads the same file, and a third contender needs no edit."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent_openai.config import PROFILE
from aicoin_local.configuration.dotenv_file import USERS
from common.agent.settings import agent_settings
from common.events.catalog import AGENT, SERVICES, services_of
from common.runtime.rights.__main__ import passwords_from
from common.runtime.roster import VARIABLE, read_roster

DEPLOY = Path(__file__).parents[2] / "deploy"
THIRD = "agent-openai"
PASSWORDS = dict.fromkeys(("REDIS_PASSWORD", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD", "SIMULATOR_ACCOUNTS"), "x") | {
    f"STORE_PASSWORD_{user}": f"password-{user}" for user in USERS
}
LLAMA = {
    "CONTENDER": "llama",
    "CONTENDER_PREFIX": "LLAMA",
    "LLAMA_API_KEY": "model-key",
    "LLAMA_BASE_URL": "http://models.example/v1",
    "HYPERLIQUID_PRIVATE_KEY_LLAMA": "wallet-key",
    "HYPERLIQUID_ACCOUNT_ADDRESS_LLAMA": "0xabc",
}


def compose(*arguments: str, **variables: str) -> dict[str, Any]:
    """The configuration as Compose reads it with these variables."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [str(Path(sys.executable).parent / "docker-compose"), "-f", str(DEPLOY / "compose.yaml")]
    done = subprocess.run(
        [*command, "--env-file", os.devnull, *arguments, "config", "--format", "json"],
        capture_output=True,
        text=True,
        env=environment | PASSWORDS | variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def names_of(configuration: dict[str, Any], service: str) -> dict[str, str | None]:
    environment: dict[str, str | None] = configuration["services"][service]["environment"]
    return environment


def test_every_service_of_the_catalog_reads_the_same_roster() -> None:
    configuration = compose("--profile", THIRD)
    agents = [name for name in configuration["services"] if name.startswith(f"{AGENT}-")]
    for name in [*(role for role in SERVICES if role != AGENT), *agents]:
        [mounted] = configuration["services"][name]["configs"]
        assert names_of(configuration, name)[VARIABLE] == mounted["target"], name
    assert VARIABLE not in names_of(configuration, "simulator")


@pytest.mark.parametrize("given", ["", "arena.toml"])
def test_the_roster_is_the_built_in_one_or_the_one_that_is_named(tmp_path: Path, given: str) -> None:
    path = tmp_path / given if given else None
    configuration = compose(**({VARIABLE: str(path)} if path else {}))
    mounted = Path(configuration["configs"]["arena"]["file"])
    assert mounted == path if path else read_roster(mounted) == read_roster(None)


def test_a_third_contenders_agent_is_off_by_default() -> None:
    services = set(compose()["services"])
    assert THIRD not in services
    assert set(compose("--profile", THIRD)["services"]) == {*services, THIRD}


def test_a_third_contenders_settings_reach_its_agent_and_the_executor() -> None:
    configuration = compose("--profile", THIRD, **LLAMA)
    agent = names_of(configuration, THIRD)
    assert (agent["CONTENDER"], agent["LLAMA_API_KEY"]) == ("llama", "model-key")
    assert agent["LLAMA_BASE_URL"] == "http://models.example/v1"
    executor = names_of(configuration, "executor")
    assert executor["HYPERLIQUID_PRIVATE_KEY_LLAMA"] == "wallet-key"
    assert executor["HYPERLIQUID_ACCOUNT_ADDRESS_LLAMA"] == "0xabc"


def test_a_third_contenders_secrets_reach_no_other_service() -> None:
    configuration = compose("--profile", THIRD, **LLAMA)
    for name, service in configuration["services"].items():
        given = set((service.get("environment") or {}).values())
        assert ("model-key" in given) == (name == THIRD), name
        assert ("wallet-key" in given) == (name == "executor"), name


def test_each_service_reaches_the_stores_as_itself() -> None:
    configuration = compose("--profile", THIRD, **LLAMA)
    for name, service in configuration["services"].items():
        given = service.get("environment") or {}
        user = "agent-llama" if name == THIRD else "admin" if name == "rights" else name
        if "REDIS_URL" in given:
            assert urlsplit(given["REDIS_URL"]).username == user
        if "DATABASE_URL" in given:
            assert urlsplit(given["DATABASE_URL"]).username == ("aicoin" if name == "rights" else f"aicoin_{name}")
        own = f"password-{name.upper().replace('-', '_')}"
        passwords = {value for text in given.values() for value in re.findall(r"password-[A-Z_]+", text or "")}
        assert name == "rights" or passwords <= {own}, name


def test_the_rights_container_knows_every_users_password() -> None:
    environment = names_of(compose("--profile", THIRD, **LLAMA), "rights")
    contenders = ("deepseek", "qwen", "llama")
    passwords = passwords_from({name: value for name, value in environment.items() if value}, contenders)
    assert set(passwords) == set(services_of(contenders))
    assert passwords["agent-llama"] == "password-AGENT_OPENAI"


def test_the_third_agent_gets_every_setting_that_it_reads() -> None:
    contender = read_roster(None).contenders[0].model_copy(update={"id": "llama"})
    read = {name.upper() for name in agent_settings(contender, PROFILE).model_fields} - {"INSTANCE"}
    given = set(names_of(compose("--profile", THIRD, **LLAMA), THIRD))
    assert read - given == set()
