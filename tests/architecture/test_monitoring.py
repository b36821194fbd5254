"""Prometheus' rules, Alertmanager's routes and Grafana's dashboard use what the services really export."""

import importlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from aicoin_local.configuration.catalog import service_specs
from common.runtime.roster import read_roster

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "aicoin.json"
INSTALL = "apt-get install -y --no-install-recommends prometheus prometheus-alertmanager"
OF_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(?:aicoin|process)_[a-z0-9_]+\b|\bup\b")


def tool(name: str) -> str:
    """The tool's path; without it the test is skipped by name, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def import_file(path: Path) -> None:
    """Imports a module of libs/ or services/, which defines its metrics at import."""
    importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts[2:]))


def exported() -> set[str]:
    """The names of all series that the project's modules define, as a scrape shows them."""
    for path in sorted([*(ROOT / "libs").rglob("*.py"), *(ROOT / "services").rglob("*.py")]):
        if "from prometheus_client import" in path.read_text(encoding="utf-8"):
            import_file(path)
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {
        family.name + suffix for family in REGISTRY.collect() for suffix in suffixes.get(family.type, ())
    } | OF_PROMETHEUS


def panels() -> list[dict[str, Any]]:
    every = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [panel for panel in every if panel["type"] != "row"]


def expressions() -> list[str]:
    """Every expression of the rules and the dashboard."""
    groups = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]] + [
        target["expr"] for panel in panels() for target in panel["targets"]
    ]


def test_rules_and_dashboard_name_only_metrics_that_exist() -> None:
    known = exported()
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 15
    assert asked - known == set()


def test_every_service_is_scraped() -> None:
    content = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    [job] = content["scrape_configs"]
    targets = job["static_configs"][0]["targets"]
    assert sorted(targets) == sorted(f"{spec.name}:9100" for spec in service_specs(read_roster(None)))
    assert job["dns_sd_configs"] == [{"names": ["agent-openai"], "type": "A", "port": 9100}]


def test_every_panel_has_its_own_place_and_a_provisioned_source() -> None:
    folder = DEPLOY / "grafana" / "provisioning" / "datasources"
    sources = {
        source["uid"]
        for path in folder.iterdir()
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    }
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert {target["datasource"]["uid"] for target in panel["targets"]} <= sources


def test_every_alert_has_a_severity_and_a_summary() -> None:
    groups = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("promtool", ("check", "config", PROMETHEUS / "prometheus.yml")),
        ("promtool", ("test", "rules", PROMETHEUS / "rules.test.yml")),
        ("amtool", ("check-config", DEPLOY / "alertmanager" / "alertmanager.yml")),
    ],
    ids=("configuration", "rules", "routes"),
)
def test_prometheus_own_tools_accept(name: str, arguments: tuple[str | Path, ...]) -> None:
    done = subprocess.run([tool(name), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    promtool = tool("promtool")
    rules = [
        {"record": f"panel:{index}", "expr": target["expr"]}
        for index, target in enumerate(target for panel in panels() for target in panel["targets"])
    ]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runbook_has_an_entry_for_every_alert() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    rules = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    assert alerts
    assert {alert for alert in alerts if f"`{alert}`" not in runbook} == set()
