"""The overlays of compose.yaml as Compose itself reads them: keys as files, least networks, limits, replicas."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from aicoin_local.configuration.catalog import MONITORING, ONE_SHOT, STORES, service_specs
from aicoin_local.configuration.visibility import is_secret
from common.events.catalog import services_of
from common.runtime.rights.__main__ import password_variable
from common.runtime.roster import read_roster

DEPLOY = Path(__file__).parents[2] / "deploy"
ROSTER = read_roster(None)
SERVICES = {spec.name for spec in service_specs(ROSTER)}
OVERLAYS = ("monitoring", "live", "scale")
EVERY = tuple(each for count in range(4) for each in combinations(OVERLAYS, count))
KEYS = {
    "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK": "key-of-a-wallet",
    "HYPERLIQUID_PRIVATE_KEY_QWEN": "key-of-a-wallet",
    "DEEPSEEK_API_KEY": "key-of-a-model",
    "QWEN_API_KEY": "key-of-a-model",
}
OWN_FILES = {
    "executor": {"hyperliquid_private_key_deepseek", "hyperliquid_private_key_qwen"},
    "agent-deepseek": {"deepseek_api_key"},
    "agent-qwen": {"qwen_api_key"},
}


def run_compose(overlays: tuple[str, ...], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    passwords = dict.fromkeys(("REDIS_PASSWORD", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD", "SIMULATOR_ACCOUNTS"), "x")
    passwords |= {password_variable(name): "x" for name in services_of(ROSTER.ids)}
    files = ["compose.yaml", *(f"compose.{each}.yaml" for each in overlays)]
    named = [argument for file in files for argument in ("-f", str(DEPLOY / file))]
    command = [str(Path(sys.executable).parent / "docker-compose"), *named, "--env-file", os.devnull]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*command, "config", "--format", "json"],
        capture_output=True,
        text=True,
        env=environment | passwords | dict(variables),
        check=False,
    )


@cache
def services(overlays: tuple[str, ...]) -> dict[str, Any]:
    """The services, with keys in the environment as well: what of them reaches a container is seen."""
    done = run_compose(overlays, KEYS | {"HYPERLIQUID_ENV": "testnet"})
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)["services"]
    return content


@pytest.mark.parametrize("overlays", EVERY, ids="+".join)
def test_every_combination_runs_what_it_names(overlays: tuple[str, ...]) -> None:
    expected = SERVICES | {*STORES, *ONE_SHOT}
    expected |= set(MONITORING) if "monitoring" in overlays else set()
    expected |= {"proxy"} if "scale" in overlays else set()
    expected -= {"simulator"} if "live" in overlays else set()
    assert set(services(overlays)) == expected


@pytest.mark.parametrize("overlays", EVERY, ids="+".join)
def test_every_container_is_bounded_and_has_no_rights(overlays: tuple[str, ...]) -> None:
    for name, service in services(overlays).items():
        limits = service["deploy"]["resources"]["limits"]
        assert all(limits[what] for what in ("memory", "cpus", "pids")), name
        assert service["logging"]["options"]["max-size"], name
        if name not in STORES:
            assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"]), name


@pytest.mark.parametrize("overlays", EVERY, ids="+".join)
def test_few_reach_outside_and_only_the_pages_are_published(overlays: tuple[str, ...]) -> None:
    found = services(overlays)
    outside = {"executor", "ingester", "notifier", *(f"agent-{each}" for each in ROSTER.ids)}
    outside |= {name for name in ("alertmanager", "proxy", "simulator") if name in found}
    assert {name for name, service in found.items() if "outside" in service["networks"]} == outside
    published = {name: service["ports"] for name, service in found.items() if service.get("ports")}
    page = "proxy" if "scale" in overlays else "gateway"
    assert set(published) == ({page, "grafana"} if "monitoring" in overlays else {page})
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_networks_without_a_way_out_are_internal() -> None:
    done = run_compose(("monitoring",), {})
    networks = json.loads(done.stdout)["networks"]
    internal = {"stores", "exchange", "watch", "alerts", "simulation"}
    assert {name for name, network in networks.items() if network.get("internal")} == internal
    assert networks["page"]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


@pytest.mark.parametrize("overlays", [each for each in EVERY if "monitoring" in each], ids="+".join)
def test_prometheus_shares_exactly_one_network_with_each_service(overlays: tuple[str, ...]) -> None:
    """With a second one the name of a service would stand for two addresses of the same container."""
    found = services(overlays)
    own = set(found["prometheus"]["networks"])
    shared = {name: own & set(found[name]["networks"]) for name in SERVICES & set(found)}
    assert {name: len(each) for name, each in shared.items()} == dict.fromkeys(shared, 1)


@pytest.mark.parametrize("overlays", [each for each in EVERY if "live" in each], ids="+".join)
def test_keys_are_files_of_their_own_service_and_in_no_environment(overlays: tuple[str, ...]) -> None:
    for name, service in services(overlays).items():
        given = {key: value for key, value in (service.get("environment") or {}).items() if value}
        assert not [key for key, value in given.items() if value.startswith("key-of-")], name
        own = {secret["source"] for secret in service.get("secrets", [])} - {"alert_token"}
        assert own == OWN_FILES.get(name, set()), name
        assert all(is_secret(each.upper()) for each in own)


def test_live_without_an_exchange_is_refused() -> None:
    done = run_compose(("live",), {})
    assert done.returncode != 0
    assert "HYPERLIQUID_ENV" in done.stderr


@pytest.mark.parametrize("overlays", [each for each in EVERY if "scale" in each], ids="+".join)
def test_what_may_scale_has_replicas_and_nothing_of_one_container(overlays: tuple[str, ...]) -> None:
    found = services(overlays)
    assert {name for name, service in found.items() if service["deploy"].get("replicas", 1) > 1} == {
        "gateway",
        "recorder",
        "risk",
        "executor",
    }
    assert found["gateway"]["environment"]["PROXY_ADDRESSES"]
    for name in SERVICES & set(found):
        assert "container_name" not in found[name], name
        assert not found[name].get("ports"), name
