"""The one list of what runs: services in start order, made from the roster, with what each needs and may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from common.trading.roster import Roster

STORES: Final = ("redis", "postgres")
ONE_SHOT: Final = ("rights",)
"""What runs once at the start where the services run as containers; the launcher does the same by itself."""
MONITORING: Final = ("prometheus", "alertmanager", "grafana")
"""What watches the services where they run as containers."""
STOP_ORDER: Final = (
    "gateway",
    "agent",
    "ingester",
    "risk",
    "executor",
    "recorder",
    "notifier",
    "simulator",
    "postgres",
    "redis",
)
"""`agent` stands for every contender's agent."""
OWN_AGENTS: Final = {("deepseek", "deepseek"): ("agent_deepseek", 1), ("qwen", "dashscope"): ("agent_qwen", 2)}
"""(id, provider) of the contenders that have a service of their own: its package and its place among the ports."""
AGENT_BY_PROVIDER: Final = {"deepseek": "agent_openai", "dashscope": "agent_qwen"}
FIRST_FURTHER_OFFSET: Final = 9


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One process: name, package, place among the metrics ports, the other parts that it needs.

    `variables` are set for this process alone; what it reads beside them, its own settings say (`service_settings`).
    """

    name: str
    package: str
    metrics_offset: int
    needs: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def service_specs(roster: Roster) -> tuple[ServiceSpec, ...]:
    """Every service of an arena with this roster, in start order."""
    return (
        ServiceSpec("simulator", "simulator", 7),
        ServiceSpec("recorder", "recorder", 5, needs=STORES),
        ServiceSpec("executor", "executor", 4, needs=(*STORES, "simulator")),
        ServiceSpec("risk", "risk", 3, needs=STORES),
        ServiceSpec("ingester", "ingester", 0, needs=("redis", "simulator")),
        *_agent_specs(roster),
        ServiceSpec("gateway", "gateway", 6, needs=STORES),
        ServiceSpec("notifier", "notifier", 8, needs=("redis",)),
    )


def _agent_specs(roster: Roster) -> list[ServiceSpec]:
    """One agent per contender; those without a service of their own take the ports from `FIRST_FURTHER_OFFSET` up."""
    specs = []
    further = FIRST_FURTHER_OFFSET
    for contender in roster.contenders:
        own = OWN_AGENTS.get((contender.id, contender.provider))
        package, offset = own or (AGENT_BY_PROVIDER[contender.provider], further)
        further += own is None
        specs.append(
            ServiceSpec(
                contender.agent,
                package,
                offset,
                needs=("redis", "simulator"),
                variables={"CONTENDER": contender.id},
            )
        )
    return specs


def stop_place(program: str) -> int:
    """Sorts programs into the order in which they stop; one that is not known here goes first."""
    role = "agent" if program.startswith("agent-") else program
    return STOP_ORDER.index(role) if role in STOP_ORDER else -1


def process_variables(spec: ServiceSpec, metrics_base_port: int) -> dict[str, str]:
    """What is set for one service's process alone."""
    return {"METRICS_PORT": str(metrics_base_port + spec.metrics_offset), **spec.variables}
