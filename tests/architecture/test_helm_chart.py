"""The Helm chart as Helm itself renders it: valid objects, the same services and rights as Compose, nothing more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from aicoin_local.configuration.catalog import service_specs
from aicoin_local.configuration.service_settings import settings_of
from aicoin_local.configuration.visibility import is_secret
from aicoin_local.development.compose_settings import CHART_FILE, chart_settings
from common.events.catalog import services_of
from common.runtime.rights.__main__ import password_variable
from common.runtime.roster import read_roster
from common.version import VERSION

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "aicoin"
ROSTER = read_roster(None)
SPECS = {spec.name: spec for spec in service_specs(ROSTER)}
OF_AN_OPERATOR = {"PodMonitor", "PrometheusRule"}
WALLETS = {f"HYPERLIQUID_{what}_{each.upper()}" for what in ("PRIVATE_KEY", "ACCOUNT_ADDRESS") for each in ROSTER.ids}
KEYS = {
    "simulator": {"SIMULATOR_ACCOUNTS"},
    "executor": WALLETS,
    "agent-deepseek": {"DEEPSEEK_API_KEY"},
    "agent-qwen": {"QWEN_API_KEY"},
    "gateway": {"CONTROL_TOKEN", "RESUME_TOKEN", "ALERT_TOKEN", "READ_TOKEN"},
    "notifier": {"NOTIFY_URLS", "DEADMAN_URL"},
}
OUTSIDE = {"simulator", "executor", "ingester", "agent-deepseek", "agent-qwen", "notifier"}
LLAMA = {"id": "llama", "image": "agent-openai", "model": "llama-4-70b", "baseUrl": "https://models.example/v1"}
EVERYTHING = {
    "hyperliquidEnv": "testnet",
    "arena": "coins = ['BTC']\n",
    "image": {"repository": "registry.example/aicoin", "tag": "1", "pullSecrets": ["pull"]},
    "redis": {"host": "redis.example", "tls": True},
    "settings": {"DECISION_INTERVAL_S": 60, "MAX_LEVERAGE": 5, "PROXY_ADDRESSES": "10.0.0.0/8"},
    "contenders": [{"id": "deepseek", "image": "agent-deepseek", "model": "deepseek-v4-pro"}, LLAMA],
    "services": {"executor": {"replicas": 2, "data": {"accessMode": "ReadWriteMany", "storageClass": "nfs"}}},
    "autoscaling": {"gateway": {"enabled": True}, "recorder": {"enabled": True}},
    "ingress": {"enabled": True, "host": "arena.example", "tlsSecret": "tls", "annotations": {"a": "b"}},
    "networkPolicy": {"redisPeer": {"ipBlock": {"cidr": "10.1.0.0/16"}}},
    "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "arena", "operator": "Exists"}],
}


def objects(values: dict[str, Any]) -> list[dict[str, Any]]:
    with helm.Chart.load(CHART) as chart:
        rendered = chart.render(values=values, name="arena", namespace="aicoin")
    return [each for text in rendered.values() for each in yaml.safe_load_all(text) if each]


def by_name(values: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"].removeprefix("arena-"): each for each in objects(values) if each["kind"] == kind}


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    [found] = deployment["spec"]["template"]["spec"]["containers"]
    named: dict[str, Any] = found
    return named


def environment(deployment: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container(deployment)["env"]}


def keys(deployment: dict[str, Any]) -> set[str]:
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    return {item["key"] for each in volumes if "secret" in each for item in each["secret"]["items"]}


def test_the_chart_is_of_this_version_and_without_a_warning() -> None:
    found = helm.lint(CHART)
    assert [each for each in found["messages"] if "icon" not in each["error"]] == found["errors"] == []
    with helm.Chart.load(CHART) as chart:
        assert (chart.version, chart.metadata["appVersion"]) == (VERSION, VERSION)


def test_its_settings_are_those_that_the_services_read() -> None:
    assert CHART_FILE.read_text(encoding="utf-8") == chart_settings()


@pytest.mark.parametrize("values", [{}, {"hyperliquidEnv": "mainnet"}, EVERYTHING], ids=["paper", "mainnet", "all"])
def test_every_object_is_valid(values: dict[str, Any]) -> None:
    made = objects(values)
    names = [(each["kind"], each["metadata"]["name"]) for each in made]
    assert len(set(names)) == len(names)
    for each in made:
        if each["kind"] not in OF_AN_OPERATOR:
            kubernetes_validate.validate(each, "1.30", strict=True)
    assert (values is EVERYTHING) == ({each["kind"] for each in made} >= OF_AN_OPERATOR)


def test_each_service_gets_what_it_reads_and_nothing_else() -> None:
    deployments = by_name({"settings": {"DECISION_INTERVAL_S": 60}}, "Deployment")
    assert deployments.keys() == SPECS.keys()
    for name, spec in SPECS.items():
        given = environment(deployments[name])
        own = {password_variable(name)} if spec.needs and "redis" in spec.needs else set()
        assert own <= given.keys()
        assert given.keys() - own <= settings_of(spec, ROSTER) | set(spec.variables), name
        assert keys(deployments[name]) == KEYS.get(name, set())
        assert ("DECISION_INTERVAL_S" in given) == ("DECISION_INTERVAL_S" in settings_of(spec, ROSTER))
        assert not {each for each in given if is_secret(each)} - own - {"REDIS_URL", "DATABASE_URL"}
        assert ("DATABASE_URL" in given) == ("postgres" in spec.needs)


def test_rights_are_made_for_every_service_before_any_starts() -> None:
    [job] = by_name({}, "Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    given = environment(job)
    assert {password_variable(each) for each in services_of(ROSTER.ids)} <= given.keys()
    assert given["REDIS_URL"] == "redis://admin:$(REDIS_PASSWORD)@redis:6379/0"
    assert given["DATABASE_URL"] == "postgresql://aicoin:$(POSTGRES_PASSWORD)@postgres:5432/aicoin?sslmode=prefer"


def pods(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in ("Deployment", "Job"):
        yield from (each["spec"]["template"]["spec"] for each in by_name(values, kind).values())


def test_no_pod_may_do_more_than_it_needs() -> None:
    for pod in pods(EVERYTHING):
        assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
        [only] = pod["containers"]
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert only["securityContext"]["allowPrivilegeEscalation"] is False
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert only["resources"]["limits"]["memory"]
        assert only["image"].startswith("registry.example/aicoin/")
        assert only["image"].endswith(":1")


def test_only_those_that_must_reach_outside() -> None:
    policies = by_name({}, "NetworkPolicy")
    assert policies.keys() == {*SPECS, "rights"}
    for name, policy in policies.items():
        spec = policy["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        blocks = [peer["ipBlock"] for rule in spec["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
        assert bool(blocks) == (name in OUTSIDE)
        assert all("10.0.0.0/8" in block["except"] for block in blocks)
        ports = {port["port"] for rule in spec["ingress"] for port in rule["ports"]}
        assert ports - {"metrics"} == {"gateway": {"http"}, "simulator": {"exchange"}}.get(name, set())
    assert "simulator" not in by_name({"hyperliquidEnv": "mainnet"}, "NetworkPolicy")


def test_a_further_contender_gets_its_agent_account_and_user() -> None:
    deployments = by_name(EVERYTHING, "Deployment")
    agent = deployments["agent-llama"]
    assert container(agent)["image"] == "registry.example/aicoin/agent-openai:1"
    assert keys(agent) == {"LLAMA_API_KEY"}
    given = environment(agent)
    assert (given["CONTENDER"], given["LLAMA_MODEL"]) == ("llama", "llama-4-70b")
    assert given["LLAMA_BASE_URL"] == "https://models.example/v1"
    assert given["REDIS_URL"] == "rediss://agent-llama:$(STORE_PASSWORD_AGENT_LLAMA)@redis.example:6379/0"
    assert "HYPERLIQUID_PRIVATE_KEY_LLAMA" in keys(deployments["executor"])
    assert environment(deployments["gateway"])["LLAMA_MODEL"] == "llama-4-70b"
    [job] = by_name(EVERYTHING, "Job").values()
    assert "STORE_PASSWORD_AGENT_LLAMA" in environment(job)


def test_what_may_be_one_alone_ends_before_the_next_starts() -> None:
    kinds = {name: each["spec"]["strategy"]["type"] for name, each in by_name({}, "Deployment").items()}
    repeated = {name for name, kind in kinds.items() if kind == "RollingUpdate"}
    assert repeated == {"recorder", "risk", "gateway"}
    assert by_name({}, "PodDisruptionBudget").keys() == repeated
    assert by_name(EVERYTHING, "Deployment")["executor"]["spec"]["strategy"]["type"] == "RollingUpdate"
    # The image's own check, to which a standby is healthy: else an upgrade would wait for it for ever.
    probes = {str(container(each)["readinessProbe"]["exec"]) for each in by_name({}, "Deployment").values()}
    assert probes == {str({"command": ["python", "-m", "healthcheck"]})}
    scaled = by_name(EVERYTHING, "HorizontalPodAutoscaler")
    assert scaled.keys() == {"gateway", "recorder"}
    assert "replicas" not in by_name(EVERYTHING, "Deployment")["gateway"]["spec"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"settings": {"MAX_LEVERAG": 5}}, "settings.MAX_LEVERAG: no service reads it"),
        ({"settings": {"CONTROL_TOKEN": "x"}}, "CONTROL_TOKEN"),
        ({"settings": {"DEEPSEEK_API_KEY": "x"}}, "DEEPSEEK_API_KEY"),
        ({"services": {"agent": {"replicas": 2}}}, "services.agent.replicas: 2, but there may be one only"),
        ({"services": {"executor": {"replicas": 2}}}, "a standby needs data.accessMode ReadWriteMany"),
        ({"hyperliquidEnv": "main"}, "hyperliquidEnv"),
        ({"service": {}}, "service"),
        ({"ingress": {"enabled": True}}, "ingress.host"),
        ({"contenders": []}, "contenders"),
    ],
)
def test_wrong_values_are_refused_by_name(values: dict[str, Any], words: str) -> None:
    with pytest.raises(helm.HelmError, match=words):
        objects(values)


def test_the_agent_images_are_those_that_the_services_folder_has() -> None:
    images = {spec.package.replace("_", "-") for spec in SPECS.values() if spec.name.startswith("agent-")}
    with helm.Chart.load(CHART) as chart:
        assert {each["image"] for each in chart.values["contenders"]} == images
