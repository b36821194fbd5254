"""Prometheus' targets that follow from the roster: `deploy/prometheus/targets/agents.json`, which `make env` writes,
and so `make up`. The other services are named in `deploy/prometheus/prometheus.yml`.

Prometheus reads the file again whenever it changes.
"""

import json
from pathlib import Path
from typing import Any, Final

from aicoin_local.settings import ROOT
from common.trading.roster import Roster

FILE: Final = ROOT / "deploy" / "prometheus" / "targets" / "agents.json"
PORT: Final = 9100
"""METRICS_PORT of every container."""


def targets(roster: Roster) -> list[dict[str, Any]]:
    """One group per contender's agent, by the name that compose gives it."""
    names = [contender.agent for contender in roster.contenders]
    return [{"targets": [f"{name}:{PORT}"], "labels": {"service": name}} for name in names]


def write_targets(roster: Roster, path: Path = FILE) -> None:
    """Replaces the file by the one for this roster."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(targets(roster), indent=1) + "\n", encoding="utf-8")
