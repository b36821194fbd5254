"""Whether every setting would be accepted: each service's own check of it, before anything starts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aicoin_local.configuration.catalog import process_variables
from aicoin_local.configuration.environment import missing_keys, services_to_run, shared_variables
from aicoin_local.configuration.paper import new_paper_variables
from aicoin_local.configuration.service_settings import settings_classes
from aicoin_local.process.machine.findings import Finding, good, problem
from aicoin_local.process.ports import port_conflicts, ports_to_bind
from aicoin_local.settings import OTHERS, LocalSettings
from common.runtime.settings import describe
from common.trading.roster import Roster

STORES = {"REDIS_URL": "redis://127.0.0.1", "DATABASE_URL": "postgresql://127.0.0.1"}
"""In place of the addresses that a start makes."""
REMEDY = "change it in .env or the environment; .env.example explains it"


def configured_findings(
    settings: LocalSettings, given: Mapping[str, str], roster: Roster, *, runs: bool
) -> Iterator[Finding]:
    """Settings, keys and their files; the ports, unless the arena that `runs` has them."""
    problems = [*missing_keys(settings, given, roster), *refused_settings(settings, given, roster)]
    for line in dict.fromkeys(problems):
        name, _, text = line.partition(": ")
        yield problem("settings", f"{name}: {text}" if text else line, REMEDY)
    if not problems:
        yield good("settings", f"{settings.hyperliquid_env}, {len(roster.contenders)} contenders; every one is valid")
    yield from _key_files(given)
    if runs:
        return
    conflicts = port_conflicts(settings, roster)
    for line in conflicts:
        yield problem("ports", line, "make status shows whether an arena runs")
    if not conflicts:
        yield good("ports", f"all {len(ports_to_bind(settings, roster))} are free")


def refused_settings(settings: LocalSettings, given: Mapping[str, str], roster: Roster) -> list[str]:
    """What each service would refuse at its start, in its own words; no value of a secret is in them.

    On paper new accounts stand for those that the arena keeps. Nothing is written.
    """
    addresses = {name: value for name, value in STORES.items() if name not in given}
    variables = shared_variables(settings, given, roster, addresses, lambda _, ids: new_paper_variables(ids))
    lines: list[str] = []
    for spec in services_to_run(settings, roster):
        own = variables | process_variables(spec, settings.metrics_base_port)
        for each in settings_classes(spec, roster):
            values: dict[str, Any] = {name: own[name.upper()] for name in each.model_fields if own.get(name.upper())}
            try:
                each(**values)
            except ValidationError as error:
                lines += [describe(each, found) for found in error.errors(include_url=False)]
    return lines


def _key_files(given: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in given.items():
        if not name.startswith("HYPERLIQUID_") or not name.endswith("_FILE"):
            continue
        path = Path(value)
        try:
            is_private = not path.stat().st_mode & OTHERS
        except OSError as error:
            yield problem("keys", f"{name}: {path} can't be read: {error.strerror}", "name the key's file")
        else:
            yield (
                good("keys", f"{name}: only its owner can read it")
                if is_private
                else problem("keys", f"{name}: others can read {path}", f"chmod 600 {path}")
            )
