"""The settings that each service reads, from the service's own config module."""

import importlib
import inspect

from pydantic_settings import BaseSettings

from aicoin_local.configuration.catalog import ServiceSpec
from common.agent.settings import agent_settings
from common.runtime.roster import VARIABLE as ROSTER_VARIABLE
from common.trading.roster import Roster


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
    """The variables that a service reads as settings."""
    return {name.upper() for each in settings_classes(spec, roster) for name in each.model_fields}


def variables_read(spec: ServiceSpec, roster: Roster) -> tuple[str, ...]:
    """All variables of the project that a service reads; no other one reaches its process."""
    return tuple(sorted({*settings_of(spec, roster), *spec.variables, ROSTER_VARIABLE}))
