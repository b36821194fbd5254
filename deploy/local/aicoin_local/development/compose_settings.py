"""The settings that containers get from outside, by service: in deploy/compose.base.yaml, and for the Helm chart.

`make docs` writes them from the services' own; a test says when they are not current. What is private, or a
contender's, stands in deploy/compose.yaml, in the chart's templates, or is written by `compose_roster`.
"""

import json
from pathlib import Path
from typing import Final

from aicoin_local.configuration.catalog import ServiceSpec, service_specs
from aicoin_local.configuration.service_settings import settings_of
from aicoin_local.configuration.visibility import is_secret
from aicoin_local.settings import ROOT
from common.runtime.roster import VARIABLE as ROSTER_VARIABLE
from common.runtime.roster import read_roster
from common.trading.roster import Roster

FILE: Final = ROOT / "deploy" / "compose.base.yaml"
CHART_FILE: Final = ROOT / "deploy" / "helm" / "aicoin" / "files" / "settings.json"
FIXED: Final = {
    "BIND_HOST": "0.0.0.0",
    "HYPERLIQUID_ENV": "${HYPERLIQUID_ENV:-paper}",
    "METRICS_PORT": "9100",
    "SIMULATOR_URL": "http://simulator:3001",
}
"""Set to a value wherever they are read."""
NOT_IN_COMPOSE: Final = {
    "AICOIN_DATA_DIR": "a folder of the host",
    "INSTANCE": "each container's own name",
    "GATEWAY_WEB_DIR": "set by the image",
    "GATEWAY_PORT": "published by the gateway alone",
    "SIMULATOR_SERVICES_PORT": "no port of the simulator is published, so it has no guests",
}
BY_SERVICE: Final = (
    "CONTENDER",
    "EXECUTOR_DATA_DIR",
    "HYPERLIQUID_ACCOUNT_ADDRESS",
    "HYPERLIQUID_KILL_KEY",
    "HYPERLIQUID_PRIVATE_KEY",
    "SIMULATOR_ACCOUNTS",
    "SIMULATOR_DATA_DIR",
    "SIMULATOR_PORT",
)
"""Beginnings of the names that compose.yaml gives to the services that need them."""
FURTHER: Final = "further"
"""A contender for whose agent there is no service of its own."""
HEADING: Final = "  # From the services' own settings, by make docs.\n"


def with_further(roster: Roster) -> Roster:
    """The roster and a contender that any OpenAI-compatible server answers for."""
    further = roster.contenders[0].model_copy(update={"id": FURTHER})
    return roster.model_copy(update={"contenders": (*roster.contenders, further)})


def passed_on(spec: ServiceSpec, roster: Roster) -> list[str]:
    """The variables that compose passes on to a service as they are given, in alphabetical order."""
    contenders = tuple(f"{each.upper()}_" for each in roster.ids)
    found = settings_of(spec, roster) - NOT_IN_COMPOSE.keys() - {ROSTER_VARIABLE}
    return sorted(name for name in found if not is_secret(name) and not name.startswith((*BY_SERVICE, *contenders)))


def render(text: str) -> str:
    """The compose file's text with the present settings. Raises LookupError where their heading is missing."""
    before, heading, _ = text.partition(HEADING)
    if not heading:
        raise LookupError(f"{FILE.name} has no heading of generated settings")
    roster = with_further(read_roster(None))
    return before + heading + "\n".join(_template(spec, roster) for spec in service_specs(roster))


def chart_settings() -> str:
    """The names of the settings that each image reads, as the chart has them."""
    roster = with_further(read_roster(None))
    named = {_image(spec): passed_on(spec, roster) for spec in service_specs(roster)}
    return json.dumps(named, indent=2) + "\n"


def _image(spec: ServiceSpec) -> str:
    return spec.package.replace("_", "-")


def _template(spec: ServiceSpec, roster: Roster) -> str:
    name = _image(spec)
    base = "with-stores" if "redis" in spec.needs else "outside"
    rows = [f"      {each}:{f' {FIXED[each]}' if each in FIXED else ''}\n" for each in passed_on(spec, roster)]
    return f"  {name}:\n    extends: {{service: {base}}}\n    environment:\n{''.join(rows)}"


def write(path: Path = FILE) -> None:
    """Writes the present settings into the compose file and the chart."""
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
    CHART_FILE.write_text(chart_settings(), encoding="utf-8")


if __name__ == "__main__":
    write()
