"""The one list of what runs: services in start order, what each needs, and the secrets that each may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SECRETS: Final = (
    "HYPERLIQUID_PRIVATE_KEY",
    "HYPERLIQUID_KILL_KEY",
    "DEEPSEEK_API_KEY",
    "QWEN_API_KEY",
    "DASHSCOPE_API_KEY",
    "CONTROL_TOKEN",
    "ALERT_TOKEN",
    "DATABASE_URL",
    "REDIS_URL",
)
"""Prefixes of variables that reach only the services that name them."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service: name, package, place among the metrics ports, the secrets and the other parts that it needs."""

    name: str
    package: str
    metrics_offset: int
    secrets: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


MODELS: Final = ("deepseek", "qwen")
STORES: Final = ("redis", "postgres")
WATCHERS: Final = ("prometheus", "alertmanager", "grafana")
"""What watches the services where they run as containers."""
_BOTH: Final = ("REDIS_URL", "DATABASE_URL")
SERVICES: Final = (
    ServiceSpec("simulator", "simulator", 7),
    ServiceSpec("recorder", "recorder", 5, _BOTH, STORES),
    ServiceSpec("executor", "executor", 4, (*_BOTH, "HYPERLIQUID_PRIVATE_KEY"), (*STORES, "simulator")),
    ServiceSpec("risk", "risk", 3, _BOTH, STORES),
    ServiceSpec("ingester", "ingester", 0, ("REDIS_URL",), ("redis", "simulator")),
    ServiceSpec("agent-deepseek", "agent_deepseek", 1, ("REDIS_URL", "DEEPSEEK_API_KEY"), ("redis", "simulator")),
    ServiceSpec(
        *("agent-qwen", "agent_qwen", 2), ("REDIS_URL", "QWEN_API_KEY", "DASHSCOPE_API_KEY"), ("redis", "simulator")
    ),
    ServiceSpec("gateway", "gateway", 6, (*_BOTH, "CONTROL_TOKEN", "ALERT_TOKEN"), STORES),
)
STOP_ORDER: Final[tuple[str, ...]] = (
    *("gateway", "agent-deepseek", "agent-qwen", "ingester", "risk", "executor", "recorder", "simulator"),
    *("postgres", "redis"),
)


def may_see(spec: ServiceSpec, variable: str) -> bool:
    """Whether a service gets this variable: everything that is no secret, and the secrets that it names."""
    return not variable.startswith(SECRETS) or variable.startswith(spec.secrets or ("\0",))


def environment_of(spec: ServiceSpec, variables: Mapping[str, str]) -> dict[str, str]:
    """One service's environment: its own metrics port, and only its own secrets."""
    own = {name: value for name, value in variables.items() if may_see(spec, name)}
    port = int(variables["METRICS_BASE_PORT"]) + spec.metrics_offset
    return own | {"METRICS_PORT": str(port), "AICOIN_PROGRAM": spec.name}
