"""What a roster changes in the deployment with containers: `deploy/compose.roster.json`, which `make up` adds.

compose.yaml runs the built-in roster. A roster of one's own may have other contenders and coins; Compose can read
neither, so `make env` writes them out: an agent for each contender, its account for the executor, its user for the
stores, and the coins that the simulator lists. Secrets stay in `.env`.
"""

import json
from pathlib import Path
from typing import Any, Final

from aicoin_local.configuration.catalog import OWN_AGENTS, ServiceSpec, service_specs
from aicoin_local.settings import ROOT
from common.runtime.rights.__main__ import password_variable
from common.trading.roster import Roster

FILE: Final = ROOT / "deploy" / "compose.roster.json"
FURTHER_AGENTS: Final = "agent-openai"
"""The name by which Prometheus finds every agent that compose.yaml does not have."""
NOT_IN_ROSTER: Final = "not-in-the-roster"
"""A profile that is never started."""


def roster_override(roster: Roster) -> dict[str, Any]:
    """The override of compose.yaml for a roster."""
    specs = {spec.name: spec for spec in service_specs(roster) if "CONTENDER" in spec.variables}
    in_compose = {f"agent-{contender_id}": package for (contender_id, _), (package, _) in OWN_AGENTS.items()}
    services: dict[str, Any] = {
        "simulator": {"environment": {"SIMULATOR_COINS": ",".join(roster.coins)}},
        **{name: {"profiles": [NOT_IN_ROSTER]} for name in in_compose if name not in specs},
    }
    further = [spec for name, spec in specs.items() if in_compose.get(name) != spec.package]
    for spec in further:
        services[spec.name] = _agent(spec, aliases=[] if spec.name in in_compose else [FURTHER_AGENTS])
    names = [spec.variables["CONTENDER"].upper() for spec in further]
    services["executor"] = {
        "environment": [f"HYPERLIQUID_{what}_{name}" for name in names for what in ("ACCOUNT_ADDRESS", "PRIVATE_KEY")]
    }
    services["gateway"] = {"environment": [f"{name}_MODEL" for name in names]}
    services["rights"] = {"environment": {password_variable(spec.name): _password(spec.name) for spec in further}}
    return {"services": services}


def write_override(roster: Roster, path: Path = FILE) -> None:
    """Replaces the file by the one for this roster."""
    path.write_text(json.dumps(roster_override(roster), indent=2) + "\n", encoding="utf-8")


def _password(service: str) -> str:
    return f"${{{password_variable(service)}:?is not set, run make env}}"


def _agent(spec: ServiceSpec, aliases: list[str]) -> dict[str, Any]:
    """The agent of one contender, as compose.yaml has the two of the built-in roster."""
    contender, image = spec.variables["CONTENDER"], spec.package.replace("_", "-")
    deploy = ROOT / "deploy"
    return {
        "extends": {"file": str(deploy / "compose.base.yaml"), "service": image},
        "image": f"aicoin/{image}",
        "build": {
            "context": str(ROOT),
            "dockerfile": "deploy/Dockerfile",
            "target": "service",
            "args": {"SERVICE": image},
        },
        "networks": {"stores": {"aliases": aliases}, "exchange": {}, "outside": {}},
        "environment": [
            f"REDIS_URL=redis://{spec.name}:{_password(spec.name)}@redis:6379/0",
            f"CONTENDER={contender}",
            *(f"{contender.upper()}_{what}" for what in ("API_KEY", "BASE_URL", "MODEL")),
        ],
        "depends_on": {
            "rights": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
            "simulator": {"condition": "service_started"},
        },
    }
