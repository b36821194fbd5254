"""Folders of services/ = the catalog = compose = what the Dockerfile builds; and every setting has a way in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from aicoin_local.configuration.catalog import MONITORING, ONE_SHOT, STORES, ServiceSpec, service_specs, stop_place
from aicoin_local.configuration.dotenv_file import write_dotenv
from aicoin_local.configuration.monitoring.receivers import RECEIVER_SETTINGS
from aicoin_local.configuration.service_settings import settings_classes, settings_of
from aicoin_local.development.compose_settings import FILE, NOT_IN_COMPOSE, render
from aicoin_local.process.backup.commands import VARIABLE as PASSPHRASE_VARIABLE
from aicoin_local.settings import LocalSettings
from common.events.catalog import SERVICES as EVENT_SERVICES
from common.events.catalog import role_of, services_of
from common.runtime.rights.__main__ import password_variable
from common.runtime.roster import VARIABLE as ROSTER_VARIABLE
from common.runtime.roster import read_roster
from executor.cli.kill_settings import variables_of

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
WITH_MONITORING = ROOT / "deploy" / "compose.monitoring.yaml"
BIN = Path(sys.executable).parent
GIVEN_OTHERWISE = {
    "HYPERLIQUID_PRIVATE_KEY": "refused by the executor",
    "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK_FILE": "a file of the host",
    "HYPERLIQUID_PRIVATE_KEY_QWEN_FILE": "a file of the host",
} | NOT_IN_COMPOSE
ROSTER = read_roster(None)
SERVICES = service_specs(ROSTER)
OPTIONAL_SERVICES = {"agent-openai"}
"""In the tree, but not part of the default roster."""
COMMANDS = {"replay"}
"""In the tree, but no process: a command of `aicoin`."""
COMPOSE_ONLY = {
    "REDIS_PASSWORD",
    "POSTGRES_PASSWORD",
    *(password_variable(name) for name in services_of(read_roster(None).ids)),
    "SIMULATOR_ACCOUNTS",
    "GRAFANA_PASSWORD",
    "GRAFANA_PORT",
    "ARENA_FILE",
    *RECEIVER_SETTINGS,
}


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compose file as Compose itself reads it, with the `.env` that make env writes."""
    dotenv = tmp_path_factory.mktemp("env") / ".env"
    write_dotenv(dotenv, ROSTER)
    done = _compose("--env-file", str(dotenv), "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def _compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [str(BIN / "docker-compose"), "-f", str(COMPOSE), "-f", str(WITH_MONITORING), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_folders_catalog_and_compose_name_the_same_services(compose: dict[str, Any]) -> None:
    folders = {path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").exists()}
    catalog = {spec.name for spec in SERVICES}
    assert folders - OPTIONAL_SERVICES - COMMANDS == catalog
    assert set(compose["services"]) == catalog | set(STORES) | set(ONE_SHOT) | set(MONITORING)


def test_the_events_catalog_names_them_too() -> None:
    assert set(EVENT_SERVICES) | {"simulator"} == {role_of(spec.name) for spec in SERVICES}


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_a_service_lies_where_its_name_says(spec: ServiceSpec) -> None:
    assert spec.package == spec.name.replace("-", "_")
    assert (ROOT / "services" / spec.name / spec.package / "main.py").is_file()


def test_every_metrics_port_and_place_in_the_stop_order_is_its_own() -> None:
    assert sorted(spec.metrics_offset for spec in SERVICES) == list(range(len(SERVICES)))
    assert all(stop_place(name) >= 0 for name in (*(spec.name for spec in SERVICES), *STORES))


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_compose_waits_for_what_the_service_needs(compose: dict[str, Any], spec: ServiceSpec) -> None:
    needed = {*spec.needs, *(ONE_SHOT if "redis" in spec.needs else ())}
    assert set(compose["services"][spec.name].get("depends_on", {})) == needed


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_compose_builds_the_service_and_confines_it(compose: dict[str, Any], spec: ServiceSpec) -> None:
    service = compose["services"][spec.name]
    assert service["build"]["args"] == {"SERVICE": spec.name}
    assert service["build"]["target"] == ("gateway" if spec.name == "gateway" else "service")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "healthcheck"]


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_every_setting_of_a_service_can_be_given_in_compose(compose: dict[str, Any], spec: ServiceSpec) -> None:
    given = set(compose["services"][spec.name]["environment"])
    assert settings_of(spec, ROSTER) - given - set(GIVEN_OTHERWISE) == set()


def test_the_settings_that_compose_passes_on_are_current() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert render(text) == text, "run make docs"
    assert render(text.replace("      LOG_LEVEL:\n", "")) == text


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_compose_passes_nothing_that_the_service_does_not_read(compose: dict[str, Any], spec: ServiceSpec) -> None:
    given = set(compose["services"][spec.name]["environment"])
    assert given - settings_of(spec, ROSTER) - {ROSTER_VARIABLE} == set()


def test_only_the_dashboards_are_published_and_only_on_loopback(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if service.get("ports")}
    assert set(published) == {"gateway", "grafana"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_compose_without_passwords_is_refused_with_the_remedy() -> None:
    done = _compose("--env-file", os.devnull, "config", "-q")
    assert done.returncode != 0
    assert "REDIS_PASSWORD" in done.stderr
    assert "run make env" in done.stderr


def test_the_dockerfile_and_the_compose_file_are_clean() -> None:
    for command in (
        [BIN / "hadolint", ROOT / "deploy" / "Dockerfile"],
        [BIN / "yamllint", "--strict", "-c", ROOT / ".yamllint.yaml", ROOT / "deploy"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_environment_names_real_settings_and_defaults() -> None:
    known = {name.upper() for name in LocalSettings.model_fields} | variables_of(ROSTER.ids)
    known.add(PASSPHRASE_VARIABLE)
    known = known.union(*(settings_of(spec, ROSTER) for spec in SERVICES))
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = dict(re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))
    assert set(named) - known == COMPOSE_ONLY - known
    for spec in SERVICES:
        for each in settings_classes(spec, ROSTER):
            _assert_defaults(each, named)


def _assert_defaults(settings: type[BaseSettings], named: dict[str, str]) -> None:
    """A service that has no default of its own for a variable, as the gateway for a model's name, says nothing."""
    for name, field in settings.model_fields.items():
        shown = named.get(name.upper(), "")
        if shown and field.default is not None:
            assert float_or_text(shown) == float_or_text(str(field.default)), name.upper()


def float_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.lower() if text in ("True", "False") else text


def test_uv_has_the_same_version_everywhere() -> None:
    makefile = re.search(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    dockerfile = re.search(r"^ARG UV_VERSION=(.+)$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert makefile
    assert dockerfile
    assert makefile[1] == dockerfile[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_requirements_are_pinned_hashed_and_name_no_address(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        assert re.match(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$|^[a-z0-9-]+==[^/]+\\$", line), (
            f"line {number + 1}: {line}"
        )


def test_every_requirement_of_a_member_is_locked() -> None:
    import tomllib

    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
    for path in [
        *ROOT.glob("libs/*/pyproject.toml"),
        *ROOT.glob("services/*/pyproject.toml"),
        *ROOT.glob("deploy/*/pyproject.toml"),
    ]:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        names = {re.split(r"[\[<>=~; ]", requirement)[0].lower() for requirement in project.get("dependencies", [])}
        missing = {name for name in names if not name.startswith("aicoin-")} - locked
        assert not missing, f"{path.parent.name}: {missing}; run make lock"


def test_the_gateway_serves_what_the_dockerfile_copies() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "COPY --from=dashboard /web/dist /app/web" in dockerfile
    assert "GATEWAY_WEB_DIR=/app/web" in dockerfile


@pytest.mark.parametrize("path", [COMPOSE, WITH_MONITORING], ids=lambda path: path.name)
def test_compose_names_every_volume_it_uses(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    used = {
        volume.partition(":")[0] for service in content["services"].values() for volume in service.get("volumes", [])
    }
    files = {name for name in used if name.startswith("./")}
    assert all((COMPOSE.parent / name).is_dir() for name in files)
    assert used - files == set(content["volumes"])
    assert shutil.which("docker-compose", path=str(BIN))
