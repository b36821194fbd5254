"""A running arena beside a real Prometheus and Alertmanager: every series exists, every panel shows something, and what
should alert is seen at a webhook outside. `make drill` provokes more than the conditions here."""

import os
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from drill.conditions import CONDITIONS, Condition, arena_for_drill
from drill.monitoring import Missing, Monitoring, Webhook, program
from harness import wait_until
from prometheus_client.parser import text_string_to_metric_families

from aicoin_local.development.dashboards import read_dashboards
from aicoin_local.development.metrics_page import declared_by
from aicoin_local.testing import Arena
from common.events.catalog import AGENT, role_of, streams_read_by
from common.runtime.metrics.series import Scope
from common.runtime.roster import read_roster

pytestmark = pytest.mark.system

SHARED = ("common.runtime.metrics",)
DATABASE = ("common.runtime.metrics.database",)
EXCHANGE = ("common.runtime.metrics.exchange",)
MODULES = {
    "ingester": (*SHARED, *EXCHANGE, "ingester.metrics"),
    AGENT: (*SHARED, "common.agent.metrics"),
    "risk": (*SHARED, *DATABASE, "risk.metrics"),
    "executor": (*SHARED, *DATABASE, *EXCHANGE, "executor.account.metrics", "executor.storage.metrics"),
    "recorder": (*SHARED, *DATABASE, "recorder.monitoring.metrics"),
    "gateway": (*SHARED, *DATABASE, "gateway.http.metrics", "gateway.push.metrics"),
    "notifier": (*SHARED, "notifier.metrics"),
}
SAMPLE = {"counter": "", "gauge": "", "histogram": "_count"}


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.start()
    yield webhook
    webhook.stop()


@pytest.fixture(scope="module")
def arena(webhook: Webhook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An arena of its own, since it is troubled."""
    arena = arena_for_drill(tmp_path_factory.mktemp("arena") / "data", webhook)
    try:
        arena.start()
        yield arena
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]


@pytest.fixture(scope="module")
def monitoring(arena: Arena, webhook: Webhook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    try:
        monitoring = Monitoring(arena, tmp_path_factory.mktemp("monitoring"), webhook)
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with monitoring:
        yield monitoring


def served(arena: Arena, service: str) -> str:
    return httpx.get(arena.run["services"][service]["metrics_url"], trust_env=False, timeout=60).text


@pytest.mark.parametrize("service", ["ingester", "agent-qwen", "risk", "executor", "recorder", "gateway", "notifier"])
def test_a_service_has_every_series_that_it_declares(arena: Arena, service: str) -> None:
    contenders = read_roster(None).ids if role_of(service) != AGENT else ("qwen",)
    scopes = {Scope.CONTENDER: contenders, Scope.STREAM: streams_read_by(service)}
    found: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for family in text_string_to_metric_families(served(arena, service)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).add(frozenset(sample.labels.items()))
    declared = declared_by()
    for metric in (each for module in MODULES[role_of(service)] for each in declared[module]):
        present = found.get(metric.name + SAMPLE[metric.kind], set())
        expected = {frozenset(zip(metric.labels, values, strict=True)) for values in metric.sets(scopes)}
        if Scope.OWN in metric.labels.values():
            assert present, metric.name
        else:
            assert expected - present == set(), metric.name


def test_the_metrics_keep_the_conventions_of_prometheus(arena: Arena) -> None:
    try:
        promtool = program("promtool")
    except Missing as missing:
        pytest.skip(str(missing))
    for service in arena.run["services"]:
        done = subprocess.run(
            [promtool, "check", "metrics"], input=served(arena, service), capture_output=True, text=True, check=False
        )
        assert [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("aicoin_")] == [], service


def test_every_panel_shows_something_of_a_real_prometheus(monitoring: Monitoring) -> None:
    asked = [
        expr
        for rows in read_dashboards().values()
        for panels in rows.values()
        for panel in panels
        for expr in panel["asks"].values()
    ]
    empty: list[str] = []

    def all_answered() -> bool:
        """A rate needs two scrapes."""
        empty[:] = [expr for expr in asked if not monitoring.ask(expr)]
        return not empty

    wait_until("every panel to show something", all_answered, every_s=2, details=lambda: "\n".join(empty))


@pytest.mark.parametrize("condition", [each for each in CONDITIONS if each.is_quick], ids=lambda each: each.name)
@pytest.mark.usefixtures("monitoring")
def test_what_is_provoked_is_seen_outside_in_time(arena: Arena, webhook: Webhook, condition: Condition) -> None:
    assert not {name for name, _ in condition.alerts} & webhook.firing(), "a false alert"
    with condition.provoke(arena):
        for name, limit_s in condition.alerts:
            webhook.await_alert(name, limit_s)
        for name, limit_s in condition.notices:
            webhook.await_alert(name, limit_s, "notice")
