"""Prometheus finds every container of a service that has several, with the deployment's own configuration."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import replica_network
import yaml

from aicoin_local.configuration.catalog import service_specs
from aicoin_local.configuration.monitoring.targets import write_targets
from common.runtime.roster import read_roster

pytestmark = pytest.mark.system

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
ROSTER = read_roster(None)
INTERVAL = "1s"


def own_network(*command: str) -> list[str]:
    return ["unshare", "--map-root-user", "--mount", "--net", *command]


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """The folder of the deployment's configuration, with shorter intervals and no Alertmanager."""
    possible = shutil.which("prometheus") and shutil.which("unshare")
    if not possible or subprocess.run(own_network("true"), capture_output=True, check=False).returncode != 0:
        if os.environ.get("CI"):
            pytest.fail("a network of its own needs unshare, and Prometheus")
        pytest.skip("a network of its own needs unshare, and Prometheus")
    content = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    content["global"] = {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL}
    del content["alerting"]
    for discovery in content["scrape_configs"][0]["dns_sd_configs"]:
        discovery["refresh_interval"] = INTERVAL
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    shutil.copy(PROMETHEUS / "rules.yml", tmp_path)
    write_targets(ROSTER, tmp_path / "targets" / "agents.json")
    return tmp_path


def test_each_container_of_a_service_is_a_target_and_a_missing_one_alerts(configuration: Path) -> None:
    command = own_network(sys.executable, replica_network.__file__, str(configuration))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr + (configuration / "prometheus.log").read_text(encoding="utf-8")[-2000:]
    found = json.loads(done.stdout)
    addresses = replica_network.ADDRESSES
    expected = {(name, f"{address}:9100") for name, each in addresses.items() for address in each}
    assert {(series["service"], series["instance"]) for series in found["up"]} == expected
    assert [series["instance"] for series in found["standby"]] == ["127.0.3.2:9100"]
    missing = {spec.name for spec in service_specs(ROSTER)} - set(addresses) - {"simulator"}
    assert {series["service"] for series in found["missing"]} == missing
    assert {series["service"] for series in found["without"]} == missing | {"gateway"}
