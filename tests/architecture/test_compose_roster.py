"""Compose follows the roster: every service reads the same file, and any contenders and coins need no edit."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent_openai.config import PROFILE as OPENAI
from agent_qwen.config import PROFILE as DASHSCOPE
from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.configuration.catalog import ServiceSpec, service_specs
from aicoin_local.configuration.compose_roster import roster_override, write_override
from common.agent.settings import agent_settings
from common.events.catalog import services_of
from common.runtime.rights.__main__ import password_variable, passwords_from
from common.runtime.roster import VARIABLE, read_roster
from common.trading.roster import Roster

BUILT_IN = read_roster(None)
DEPLOY = Path(__file__).parents[2] / "deploy"
ARENA = """
coins = ["BTC", "ETH", "HYPE"]
"""
CONTENDER = """
[[contenders]]
id = "{id}"
name = "{id}"
provider = "{provider}"
strategy = "trend-v2"
color = "#00000{number}"
color_dark = "#00000{number}"
mark = "square"
"""
CONTENDERS = {"deepseek": "deepseek", "llama": "deepseek", "mistral": "deepseek", "qwen_next": "dashscope"}
"""A roster of four, without the built-in Qwen."""
LLAMA = {
    "LLAMA_API_KEY": "model-key",
    "LLAMA_BASE_URL": "http://models.example/v1",
    "HYPERLIQUID_PRIVATE_KEY_LLAMA": "wallet-key",
    "HYPERLIQUID_ACCOUNT_ADDRESS_LLAMA": "0xabc",
}


def compose(*files: Path, contenders: tuple[str, ...] = (), **variables: str) -> dict[str, Any]:
    """The configuration as Compose reads it with these variables."""
    passwords = dict.fromkeys(("REDIS_PASSWORD", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD", "SIMULATOR_ACCOUNTS"), "x")
    passwords |= {
        password_variable(name): f"password-{name}." for name in services_of(tuple({*BUILT_IN.ids, *contenders}))
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [str(Path(sys.executable).parent / "docker-compose"), "-f", str(DEPLOY / "compose.yaml")]
    further = [argument for path in files for argument in ("-f", str(path))]
    done = subprocess.run(
        [*command, *further, "--env-file", os.devnull, "config", "--format", "json"],
        capture_output=True,
        text=True,
        env=environment | passwords | variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Roster:
    path = tmp_path_factory.mktemp("roster") / "arena.toml"
    rows = [
        CONTENDER.format(id=name, provider=provider, number=number)
        for number, (name, provider) in enumerate(CONTENDERS.items())
    ]
    path.write_text(ARENA + "".join(rows), encoding="utf-8")
    return roster_of({VARIABLE: str(path)})


@pytest.fixture(scope="module")
def of_four(four: Roster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Compose makes of the roster of four."""
    path = tmp_path_factory.mktemp("compose") / "compose.roster.json"
    write_override(four, path)
    return compose(path, contenders=four.ids, **LLAMA)


def agents_of(roster: Roster) -> list[ServiceSpec]:
    return [spec for spec in service_specs(roster) if "CONTENDER" in spec.variables]


def names_of(configuration: dict[str, Any], service: str) -> dict[str, str | None]:
    environment: dict[str, str | None] = configuration["services"][service]["environment"]
    return environment


def test_every_contender_of_the_roster_runs_and_no_other(of_four: dict[str, Any], four: Roster) -> None:
    started = {name for name in of_four["services"] if name.startswith("agent-")}
    assert started == {spec.name for spec in agents_of(four)}
    for spec in agents_of(four):
        assert of_four["services"][spec.name]["build"]["args"] == {"SERVICE": spec.package.replace("_", "-")}


def test_the_simulator_lists_the_coins_of_the_roster(of_four: dict[str, Any]) -> None:
    assert names_of(of_four, "simulator")["SIMULATOR_COINS"] == "BTC,ETH,HYPE"


def test_the_override_of_the_built_in_roster_changes_its_coins_alone(tmp_path: Path) -> None:
    path = tmp_path / "compose.roster.json"
    write_override(BUILT_IN, path)
    with_override, without = compose(path), compose()
    assert names_of(with_override, "simulator").pop("SIMULATOR_COINS") == "BTC,ETH,SOL,BNB,DOGE,XRP"
    assert names_of(without, "simulator").pop("SIMULATOR_COINS", None) is None
    assert with_override == without


def test_a_contender_of_another_provider_keeps_its_name_and_gets_its_agent() -> None:
    qwen = BUILT_IN.contender("qwen").model_copy(update={"provider": "deepseek"})
    roster = BUILT_IN.model_copy(update={"contenders": (BUILT_IN.contender("deepseek"), qwen)})
    agent = roster_override(roster)["services"]["agent-qwen"]
    assert agent["build"]["args"] == {"SERVICE": "agent-openai"}
    assert "CONTENDER=qwen" in agent["environment"]


def test_every_service_of_the_catalog_reads_the_same_roster(of_four: dict[str, Any], four: Roster) -> None:
    for name in services_of(four.ids):
        [mounted] = of_four["services"][name]["configs"]
        assert names_of(of_four, name)[VARIABLE] == mounted["target"], name
    assert VARIABLE not in names_of(of_four, "simulator")


@pytest.mark.parametrize("given", ["", "arena.toml"])
def test_the_roster_is_the_built_in_one_or_the_one_that_is_named(tmp_path: Path, given: str) -> None:
    path = tmp_path / given if given else None
    configuration = compose(**({VARIABLE: str(path)} if path else {}))
    mounted = Path(configuration["configs"]["arena"]["file"])
    assert mounted == path if path else read_roster(mounted) == BUILT_IN


def test_a_contenders_settings_reach_its_agent_and_the_executor(of_four: dict[str, Any]) -> None:
    agent = names_of(of_four, "agent-llama")
    assert (agent["CONTENDER"], agent["LLAMA_API_KEY"]) == ("llama", "model-key")
    assert agent["LLAMA_BASE_URL"] == "http://models.example/v1"
    executor = names_of(of_four, "executor")
    assert executor["HYPERLIQUID_PRIVATE_KEY_LLAMA"] == "wallet-key"
    assert executor["HYPERLIQUID_ACCOUNT_ADDRESS_LLAMA"] == "0xabc"


def test_a_contenders_secrets_reach_no_other_service(of_four: dict[str, Any]) -> None:
    for name, service in of_four["services"].items():
        given = set((service.get("environment") or {}).values())
        assert ("model-key" in given) == (name == "agent-llama"), name
        assert ("wallet-key" in given) == (name == "executor"), name


def test_each_service_reaches_the_stores_as_itself(of_four: dict[str, Any]) -> None:
    for name, service in of_four["services"].items():
        given = service.get("environment") or {}
        if "REDIS_URL" in given:
            assert urlsplit(given["REDIS_URL"]).username == ("admin" if name == "rights" else name)
        if "DATABASE_URL" in given:
            assert urlsplit(given["DATABASE_URL"]).username == ("aicoin" if name == "rights" else f"aicoin_{name}")
        passwords = {value for text in given.values() for value in re.findall(r"password-[a-z_-]+\.", text or "")}
        assert name == "rights" or passwords <= {f"password-{name}."}, name


def test_the_rights_container_knows_every_users_password(of_four: dict[str, Any], four: Roster) -> None:
    environment = names_of(of_four, "rights")
    passwords = passwords_from({name: value for name, value in environment.items() if value}, four.ids)
    assert passwords == {name: f"password-{name}." for name in services_of(four.ids)}


def test_rights_refuses_a_contender_that_compose_does_not_run(four: Roster, tmp_path: Path) -> None:
    arena = tmp_path / "arena.toml"
    arena.write_text(ARENA + CONTENDER.format(id="llama", provider="deepseek", number=1), encoding="utf-8")
    given = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://h", "DATABASE_URL": "postgresql://h"} | {
        password_variable(name): "x" for name in services_of(()) if name != "agent-llama"
    }
    done = subprocess.run(
        [sys.executable, "-m", "common.runtime.rights"],
        env=given | {VARIABLE: str(arena)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "rights: STORE_PASSWORD_AGENT_LLAMA: not set; make up writes it and starts every contender of the roster\n"
    )


@pytest.mark.parametrize(("contender", "profile"), [("llama", OPENAI), ("mistral", OPENAI), ("qwen_next", DASHSCOPE)])
def test_each_agent_gets_every_setting_that_it_reads(
    contender: str, profile: Any, of_four: dict[str, Any], four: Roster
) -> None:
    read = {name.upper() for name in agent_settings(four.contender(contender), profile).model_fields} - {"INSTANCE"}
    assert read - set(names_of(of_four, f"agent-{contender}")) == set()


def test_prometheus_finds_every_further_agent(of_four: dict[str, Any], four: Roster) -> None:
    for spec in agents_of(four):
        networks = of_four["services"][spec.name]["networks"]
        aliases = (networks["stores"] or {}).get("aliases", [])
        assert aliases == ([] if spec.name == "agent-deepseek" else ["agent-openai"])
