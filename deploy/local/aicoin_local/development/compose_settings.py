"""The settings that compose passes on to every service, written into deploy/compose.base.yaml from the services' own.

`make docs` writes them; a test says when they are not current. What is private, or differs by service, stands in
deploy/compose.yaml.
"""

import importlib
import inspect
import re
from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings

from aicoin_local.configuration.catalog import ServiceSpec, service_specs
from aicoin_local.configuration.visibility import is_secret
from aicoin_local.settings import ROOT
from common.agent.settings import agent_settings
from common.runtime.roster import VARIABLE as ROSTER_VARIABLE
from common.runtime.roster import read_roster
from common.trading.roster import Roster

FILE: Final = ROOT / "deploy" / "compose.base.yaml"
FIXED: Final = {"HYPERLIQUID_ENV", "SIMULATOR_URL", "BIND_HOST", "METRICS_PORT", "DATABASE_URL", "REDIS_URL"}
"""Set to a value in the compose files."""
NOT_IN_COMPOSE: Final = {
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
BLOCK: Final = re.compile(r"(  # From the services' settings, by make docs\.\n)(?:  [A-Z0-9_]+:\n)*")


def settings_classes(spec: ServiceSpec, roster: Roster) -> list[type[BaseSettings]]:
    """The settings that a service's config module defines, some of them for a roster."""
    module = importlib.import_module(f"{spec.package}.config")
    classes = [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, BaseSettings) and each.__module__ == module.__name__
    ]
    if hasattr(module, "PROFILE"):
        contender = roster.contender(spec.name.removeprefix("agent-"))
        classes.append(agent_settings(contender, module.PROFILE))
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.endswith("_settings") and list(inspect.signature(function).parameters) == ["roster"]:
            classes.append(function(roster))
    if not classes:
        raise LookupError(f"{spec.package}.config defines no settings")
    return classes


def settings_of(spec: ServiceSpec, roster: Roster) -> set[str]:
    """The variables that a service reads."""
    return {name.upper() for each in settings_classes(spec, roster) for name in each.model_fields}


def shared_settings(roster: Roster) -> list[str]:
    """The variables of all services that compose passes on as they are given, in alphabetical order."""
    found = set[str]().union(*(settings_of(spec, roster) for spec in service_specs(roster)))
    found -= FIXED | NOT_IN_COMPOSE.keys() | {ROSTER_VARIABLE}
    return sorted(name for name in found if not is_secret(name) and not name.startswith(BY_SERVICE))


def render(text: str) -> str:
    """The compose file's text with the present settings. Raises LookupError where the block is missing."""
    if not BLOCK.search(text):
        raise LookupError(f"{FILE.name} has no block of generated settings")
    rows = "".join(f"  {name}:\n" for name in shared_settings(read_roster(None)))
    return BLOCK.sub(lambda found: found[1] + rows, text)


def write(path: Path = FILE) -> None:
    """Writes the present settings into the compose file."""
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
