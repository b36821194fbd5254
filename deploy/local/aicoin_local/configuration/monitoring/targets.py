"""Prometheus' targets: `deploy/prometheus/targets/services.json`, which `make env` writes, and so `make up`.

Prometheus reads the file again whenever it changes.
"""

import json
from pathlib import Path
from typing import Any, Final

from aicoin_local.configuration.catalog import service_specs
from aicoin_local.settings import ROOT
from common.trading.roster import Roster

FILE: Final = ROOT / "deploy" / "prometheus" / "targets" / "services.json"
PORT: Final = 9100
"""METRICS_PORT of every container."""


def targets(roster: Roster) -> list[dict[str, Any]]:
    """One group per service, by the name that compose gives it."""
    return [{"targets": [f"{spec.name}:{PORT}"], "labels": {"service": spec.name}} for spec in service_specs(roster)]


def write_targets(roster: Roster, path: Path = FILE) -> None:
    """Replaces the file by the one for this roster."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(targets(roster), indent=1) + "\n", encoding="utf-8")
