"""Metrics, alerts, dashboards and the runbook name the same things, and Prometheus' own tools accept them."""

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
from aicoin_local.configuration.monitoring.receivers import alertmanager_configuration
from aicoin_local.configuration.monitoring.targets import write_targets
from aicoin_local.development import dashboards, metrics_page
from common.agent.parse import REFUSAL_CODES
from common.runtime.metrics.series import DECLARED
from common.runtime.roster import read_roster
from notifier.domain.troubles import TroubleCode

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
INSTALL = "apt-get install -y --no-install-recommends prometheus prometheus-alertmanager"
OF_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(?:aicoin|process)_[a-z0-9_]+\b|\bup\b")
SETTINGS = {
    "ALERT_WEBHOOK_URL": "https://hooks.example/x$y",
    "ALERT_TELEGRAM_TOKEN": "1:secret",
    "ALERT_TELEGRAM_CHAT": "-100",
    "ALERT_MAIL_TO": "me@example.org",
    "ALERT_MAIL_FROM": "arena@example.org",
    "ALERT_MAIL_HOST": "mail.example.org:587",
    "ALERT_MAIL_USER": "arena",
    "ALERT_MAIL_PASSWORD": "secret",
}


def tool(name: str) -> str:
    """The tool's path; without it the test is skipped by name, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def accepts(name: str, *arguments: str | Path, stdin: str | None = None) -> None:
    """Runs the tool, which must find nothing wrong."""
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def declaring_modules() -> set[str]:
    """The modules of libs/ and services/ that declare metrics."""
    paths = [*(ROOT / "libs").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
    declaring = re.compile(r"metrics\.series import .*(counter|gauge)")
    found = [path.relative_to(ROOT) for path in paths if declaring.search(path.read_text(encoding="utf-8"))]
    return {".".join(path.with_suffix("").parts[2:]).removesuffix(".__init__") for path in found}


def exported() -> set[str]:
    """The names of all series that the project's modules declare, as a scrape shows them."""
    metrics_page.declared_by()
    importlib.import_module(metrics_page.SIMULATOR)
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {
        family.name + suffix for family in REGISTRY.collect() for suffix in suffixes.get(family.type, ())
    } | OF_PROMETHEUS


def rules() -> list[dict[str, Any]]:
    """The rules that alert."""
    content = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"] if "alert" in rule]


def panels() -> dict[str, list[dict[str, Any]]]:
    """The panels of each dashboard as Grafana reads them."""
    folder = DEPLOY / "grafana" / "dashboards"
    every = {path.stem: json.loads(path.read_text(encoding="utf-8"))["panels"] for path in folder.glob("*.json")}
    return {name: [panel for panel in found if panel["type"] != "row"] for name, found in every.items()}


def expressions() -> list[str]:
    """Every expression of the rules and the dashboards."""
    asked = [target["expr"] for found in panels().values() for panel in found for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + asked


def test_every_module_with_metrics_is_on_the_page_which_is_current() -> None:
    assert declaring_modules() == set(metrics_page.SECTIONS)
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == metrics_page.render(), "run make docs"
    shown = {id(each) for found in metrics_page.declared_by().values() for each in found}
    assert {each.name for each in DECLARED if id(each) not in shown and each.name.startswith("aicoin_")} == set()


def test_every_reason_for_refusing_an_answer_has_its_series() -> None:
    folder = ROOT / "libs" / "common" / "common" / "agent"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("parse.py", "request.py"))
    assert set(re.findall(r'InvalidAnswer\(\s*"([A-Z_]+)"', text)) <= set(REFUSAL_CODES)


def test_rules_and_dashboards_name_only_metrics_that_exist() -> None:
    known = exported()
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 40
    assert asked - known == set()


def test_the_dashboards_are_made_of_the_panels() -> None:
    made = dashboards.read_dashboards()
    assert set(made) == set(panels()) == {"arena", "trading", "pipeline", "infrastructure"}
    for name, rows in made.items():
        path = DEPLOY / "grafana" / "dashboards" / f"{name}.json"
        assert path.read_text(encoding="utf-8") == dashboards.render(name, rows), "run make docs"


@pytest.mark.parametrize("name", ["arena", "trading", "pipeline", "infrastructure"])
def test_every_panel_has_its_own_place_and_a_provisioned_source(name: str) -> None:
    folder = DEPLOY / "grafana" / "provisioning" / "datasources"
    sources = {
        source["uid"]
        for path in folder.iterdir()
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    }
    taken: set[tuple[int, int]] = set()
    for panel in panels()[name]:
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


def test_every_alert_has_severity_summary_section_and_unit_test() -> None:
    tested = {
        check["alertname"]
        for each in yaml.safe_load((PROMETHEUS / "rules.test.yml").read_text(encoding="utf-8"))["tests"]
        for check in each["alert_rule_test"]
        if check["exp_alerts"]
    }
    sections = set(re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE))
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    assert set(names) == tested == sections
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_the_runbook_explains_what_the_notifier_sees_by_itself() -> None:
    assert [code.value for code in TroubleCode if f"`{code.value}`" not in RUNBOOK] == []


def test_prometheus_own_tools_accept_rules_and_their_tests() -> None:
    accepts("promtool", "check", "rules", PROMETHEUS / "rules.yml")
    accepts("promtool", "test", "rules", PROMETHEUS / "rules.test.yml")


def test_prometheus_scrapes_the_services_of_the_roster(tmp_path: Path) -> None:
    roster = read_roster(None)
    llama = roster.contender("qwen").model_copy(update={"id": "llama", "provider": "deepseek"})
    roster = roster.model_copy(update={"contenders": (*roster.contenders, llama)})
    write_targets(roster, tmp_path / "targets" / "agents.json")
    for name in ("prometheus.yml", "rules.yml"):
        shutil.copy(PROMETHEUS / name, tmp_path)
    groups = json.loads((tmp_path / "targets" / "agents.json").read_text(encoding="utf-8"))
    assert ["agent-llama:9100"] in [group["targets"] for group in groups]
    [job] = yaml.safe_load((tmp_path / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    [discovery] = job["dns_sd_configs"]
    found = [group["labels"]["service"] for group in groups] + discovery["names"]
    assert sorted(found) == sorted(spec.name for spec in service_specs(roster))
    assert job["file_sd_configs"][0]["files"] == ["targets/agents.json"]
    accepts("promtool", "check", "config", tmp_path / "prometheus.yml")


def test_a_service_without_any_address_is_missed_by_name() -> None:
    [down] = [rule["expr"] for rule in rules() if rule["alert"] == "ServiceDown"]
    [job] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    names = set(job["dns_sd_configs"][0]["names"]) - {"simulator"}
    assert set(re.findall(r'absent\(up\{job="aicoin", service="(\w+)"\}\)', down)) == names


def test_alertmanager_accepts_its_routes_with_and_without_receivers(tmp_path: Path) -> None:
    accepts("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")
    assert alertmanager_configuration({}) is None
    path = tmp_path / "receivers.json"
    content = alertmanager_configuration(SETTINGS)
    path.write_text(json.dumps(content), encoding="utf-8")
    accepts("amtool", "check-config", path)
    assert content is not None
    [receiver] = content["receivers"]
    assert [each["url"] for each in receiver["webhook_configs"]] == [
        "http://gateway:8080/api/v1/alerts",
        SETTINGS["ALERT_WEBHOOK_URL"],
    ]
    assert receiver["telegram_configs"][0]["chat_id"] == -100
    assert receiver["email_configs"][0]["to"] == "me@example.org"


@pytest.mark.parametrize("left_out", ["ALERT_TELEGRAM_CHAT", "ALERT_MAIL_HOST", "ALERT_MAIL_FROM"])
def test_a_receiver_that_is_set_in_part_is_refused_by_name(left_out: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        alertmanager_configuration({name: value for name, value in SETTINGS.items() if name != left_out})
    assert left_out in capsys.readouterr().err


def test_prometheus_understands_every_expression_of_the_dashboards(tmp_path: Path) -> None:
    recorded = [{"record": f"panel:{index}", "expr": expr} for index, expr in enumerate(expressions())]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    accepts("promtool", "check", "rules", path)
