"""The one list of what runs: services in start order, with the secrets that each may see."""

from dataclasses import dataclass
from typing import Final

SECRETS: Final = (
    "HYPERLIQUID_PRIVATE_KEY",
    "DEEPSEEK_API_KEY",
    "QWEN_API_KEY",
    "DASHSCOPE_API_KEY",
    "CONTROL_TOKEN",
    "DATABASE_URL",
)
"""Prefixes of variables that reach only the services that name them."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service: its name, its package, its place among the metrics ports, the secrets that it needs."""

    name: str
    package: str
    metrics_offset: int
    secrets: tuple[str, ...] = ()


SERVICES: Final = (
    ServiceSpec("simulator", "simulator", 7),
    ServiceSpec("recorder", "recorder", 5, ("DATABASE_URL",)),
    ServiceSpec("executor", "executor", 4, ("DATABASE_URL", "HYPERLIQUID_PRIVATE_KEY")),
    ServiceSpec("risk", "risk", 3, ("DATABASE_URL",)),
    ServiceSpec("ingester", "ingester", 0),
    ServiceSpec("agent-deepseek", "agent_deepseek", 1, ("DEEPSEEK_API_KEY",)),
    ServiceSpec("agent-qwen", "agent_qwen", 2, ("QWEN_API_KEY", "DASHSCOPE_API_KEY")),
    ServiceSpec("gateway", "gateway", 6, ("DATABASE_URL", "CONTROL_TOKEN")),
)
STOP_ORDER: Final = (
    *("gateway", "agent-deepseek", "agent-qwen", "ingester", "risk", "executor", "recorder", "simulator"),
    *("postgres", "redis"),
)
MODELS: Final = ("deepseek", "qwen")


def spec_of(name: str) -> ServiceSpec:
    """The service of that name. Raises KeyError."""
    return {spec.name: spec for spec in SERVICES}[name]


def may_see(spec: ServiceSpec, variable: str) -> bool:
    """Whether a service gets this variable: everything that is no secret, and the secrets that it names."""
    return not variable.startswith(SECRETS) or variable.startswith(spec.secrets or ("\0",))
