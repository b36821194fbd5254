"""The variables of an arena, of which each service sees its share: the user's settings, every address, the keys."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aicoin_local.configuration.arena_file import roster_variables
from aicoin_local.configuration.catalog import ServiceSpec, service_specs
from aicoin_local.configuration.market import market_speed
from aicoin_local.configuration.paper import has_paper_accounts, paper_environment, stored_paper_variables
from aicoin_local.configuration.runfile import read_run
from aicoin_local.settings import ROOT, LocalSettings, refuse
from common.trading.roster import Roster


def shared_variables(
    settings: LocalSettings,
    given: Mapping[str, str],
    roster: Roster,
    addresses: Mapping[str, str],
    accounts: Callable[[Path, Sequence[str]], dict[str, str]] = paper_environment,
) -> dict[str, str]:
    """The variables of a whole arena, secrets included: supervisord gets them all, a program its share.

    `addresses` are the services' own of the stores that are started here; those that the user has configured are among
    the given variables. `accounts` gives the paper accounts' variables.
    """
    variables = {
        # One process per service, which keeps its name when the machine gets another one.
        "INSTANCE": "1",
        **given,
        **roster_variables(given),
        **addresses,
        "AICOIN_DATA_DIR": str(settings.data_dir),
        "SIMULATOR_URL": settings.simulator_services_url,
        "SIMULATOR_PORT": str(settings.simulator_port),
        "SIMULATOR_SERVICES_PORT": str(settings.simulator_services_port),
        "SIMULATOR_DATA_DIR": str(settings.data_dir / "simulator"),
        "EXECUTOR_DATA_DIR": str(settings.data_dir / "executor"),
        "GATEWAY_PORT": str(settings.gateway_port),
        "HYPERLIQUID_ENV": settings.hyperliquid_env,
        "PYTHONUNBUFFERED": "1",
    }
    if settings.hyperliquid_env == "paper":
        variables |= accounts(settings.data_dir, roster.ids) | {
            "HYPERLIQUID_API_URL": settings.simulator_services_url,
            "SIMULATOR_COINS": ",".join(roster.coins),
        }
        speed = market_speed(given, settings.data_dir / "simulator", time.time_ns() // 1_000_000)
        variables = {"MARKET_SPEED": speed} | variables
    return variables


def command_variables(settings: LocalSettings, given: Mapping[str, str], roster: Roster) -> dict[str, str]:
    """What services' commands need to work on the arena that runs here, or that ran here last."""
    running = read_run(settings.data_dir) or {}
    stores = {"REDIS_URL": running.get("redis_url"), "DATABASE_URL": running.get("database_url")}
    variables = {name: value for name, value in stores.items() if value} | dict(given) | roster_variables(given)
    simulator_url = _running_simulator_url(running) or settings.simulator_services_url
    variables |= {"EXECUTOR_DATA_DIR": str(settings.data_dir / "executor"), "SIMULATOR_URL": simulator_url}
    if settings.hyperliquid_env == "paper" and has_paper_accounts(settings.data_dir):
        variables |= paper_environment(settings.data_dir, roster.ids) | {"HYPERLIQUID_API_URL": simulator_url}
    return variables


def emergency_variables(given: Mapping[str, str]) -> dict[str, str]:
    """What the kill switch needs, as far as it can be found: nothing that is wrong or unreadable keeps it from acting.

    Nothing is written, and the roster isn't read.
    """
    folder = (ROOT / (given.get("AICOIN_DATA_DIR") or ".aicoin")).resolve()
    variables = {"EXECUTOR_DATA_DIR": str(folder / "executor")} | dict(given)
    if given.get("HYPERLIQUID_ENV", "paper") == "paper":
        with contextlib.suppress(Exception):
            variables |= stored_paper_variables(folder) | {"HYPERLIQUID_API_URL": _simulator_url(given, folder)}
    return variables


def _simulator_url(given: Mapping[str, str], folder: Path) -> str:
    """Where the simulator of the arena that runs here listens, or would."""
    with contextlib.suppress(Exception):
        if url := _running_simulator_url(read_run(folder) or {}):
            return url
    return f"http://127.0.0.1:{given.get('SIMULATOR_SERVICES_PORT') or LocalSettings().simulator_services_port}"


def _running_simulator_url(running: Mapping[str, Any]) -> str | None:
    """Where the simulator of a running arena listens for its services; before 0.3 it had one listener for all."""
    return running.get("simulator_services_url") or running.get("simulator_url")


def missing_keys(settings: LocalSettings, given: Mapping[str, str], roster: Roster) -> list[str]:
    """One line per key that is missing or unusable. On testnet and mainnet every key must be the user's own."""
    problems = []
    if "HYPERLIQUID_PRIVATE_KEY" in given:
        names = " and ".join(f"HYPERLIQUID_PRIVATE_KEY_{contender.upper()}" for contender in roster.ids)
        problems.append(f"HYPERLIQUID_PRIVATE_KEY: one key can't trade several accounts; remove it and set {names}")
    if settings.hyperliquid_env == "paper":
        return problems
    for contender in (contender.upper() for contender in roster.ids):
        for name, needed in (
            (f"HYPERLIQUID_PRIVATE_KEY_{contender}", "the API wallet's key, or its file in …_FILE"),
            (f"HYPERLIQUID_ACCOUNT_ADDRESS_{contender}", "the account's address"),
            (f"{contender}_API_KEY", "the real model; stand-ins trade on paper only"),
        ):
            in_file = name.startswith("HYPERLIQUID_PRIVATE_KEY") and f"{name}_FILE" in given
            if name not in given and not in_file:
                problems.append(f"{name}: not set; {settings.hyperliquid_env} needs {needed}")
    return problems


def refuse_missing_keys(settings: LocalSettings, given: Mapping[str, str], roster: Roster) -> None:
    """Ends the process with one line per problem."""
    problems = missing_keys(settings, given, roster)
    if problems:
        refuse(problems)


def services_to_run(settings: LocalSettings, roster: Roster) -> list[ServiceSpec]:
    """The services of this environment, in start order."""
    return [spec for spec in service_specs(roster) if spec.name != "simulator" or settings.needs_simulator]
