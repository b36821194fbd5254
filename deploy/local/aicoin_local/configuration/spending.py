"""What `aicoin run` and `aicoin status` say about money: what a day of each contender's model costs."""

import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from aicoin_local.configuration.catalog import service_specs
from common.agent.providers.pricing import UnknownPrice
from common.agent.settings import agent_settings, endpoint
from common.agent.spending_report import describe_spending
from common.trading.roster import Contender, Roster


def spending_lines(roster: Roster, given: Mapping[str, str]) -> list[str]:
    """One line per contender, by the variables in `given`; none for settings that its agent refuses itself."""
    packages = {spec.name: spec.package for spec in service_specs(roster)}
    found = [(each.id, _line(each, packages[each.agent], given)) for each in roster.contenders]
    return [f"{contender}: {line}" for contender, line in found if line is not None]


def _line(contender: Contender, package: str, given: Mapping[str, str]) -> str | None:
    profile = importlib.import_module(f"{package}.config").PROFILE
    settings_class = agent_settings(contender, profile)
    values: dict[str, Any] = {
        name: given[name.upper()] for name in settings_class.model_fields if name.upper() in given
    }
    try:
        settings = settings_class(**values | {"metrics_port": 0})
        return describe_spending(settings, endpoint(settings, contender, profile), profile)[0]
    except (ValidationError, UnknownPrice):
        return None
