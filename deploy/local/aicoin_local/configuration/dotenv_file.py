"""`make env`: a private `.env` for docker compose, with random passwords and new paper accounts."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.configuration.compose_roster import write_override
from aicoin_local.configuration.monitoring.receivers import write_receivers
from aicoin_local.configuration.monitoring.targets import write_targets
from aicoin_local.configuration.paper import new_paper_variables
from aicoin_local.settings import ROOT, full_environment
from aicoin_local.stores import write_private
from common.events.catalog import services_of
from common.runtime.rights.__main__ import password_variable
from common.runtime.roster import read_roster
from common.trading.roster import Roster

HEADER = (
    "# Made by make env: random passwords, paper accounts. Private: never commit it. Other settings: .env.example.\n"
)


def make() -> None:
    """Writes `.env` with random passwords and paper accounts, or adds what it lacks for the roster of today; and what
    roster and settings change in compose.yaml and for Prometheus."""
    path = ROOT / ".env"
    given = full_environment()
    roster = roster_of(given)
    write_override(roster)
    write_targets(roster)
    write_receivers(given)
    if not path.exists():
        write_dotenv(path, roster)
        sys.stdout.write(f"{path} written\n")
        return
    added = complete_dotenv(path, roster)
    what = f"{', '.join(added)} added" if added else "nothing is missing"
    sys.stdout.write(f"{path} stays as it is, as it may hold the only copy of a key; {what}\n")


def write_dotenv(path: Path, roster: Roster) -> None:
    """Writes the file, readable by its owner only. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    variables = {"HYPERLIQUID_ENV": "paper", **_passwords(roster), **new_paper_variables(roster.ids)}
    write_private(path, HEADER + _lines(variables))


def complete_dotenv(path: Path, roster: Roster) -> list[str]:
    """Appends the passwords and paper accounts that the roster needs, and returns the names; no line of it changes."""
    text = path.read_text(encoding="utf-8")
    named = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    missing = {name: value for name, value in _passwords(roster).items() if name not in named}
    missing |= _further_accounts(named, roster)
    if missing:
        write_private(path, text + ("" if not text or text.endswith("\n") else "\n") + _lines(missing))
    return list(missing)


def _further_accounts(named: Mapping[str, str], roster: Roster) -> dict[str, str]:
    """Paper accounts of contenders that have none in the file yet; of SIMULATOR_ACCOUNTS the last line counts."""
    new = [each for each in roster.ids if f"HYPERLIQUID_ACCOUNT_ADDRESS_{each.upper()}" not in named]
    if not new or named.get("HYPERLIQUID_ENV", "paper") != "paper":
        return {}
    variables = new_paper_variables(new)
    pairs = filter(None, (named.get("SIMULATOR_ACCOUNTS"), variables["SIMULATOR_ACCOUNTS"]))
    return variables | {"SIMULATOR_ACCOUNTS": ",".join(pairs)}


def _passwords(roster: Roster) -> dict[str, str]:
    """Also those of the built-in contenders: compose.yaml names them where it does not start them too."""
    contenders = tuple(dict.fromkeys((*read_roster(None).ids, *roster.ids)))
    return {
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        **{password_variable(service): secrets.token_urlsafe(24) for service in services_of(contenders)},
        "GRAFANA_PASSWORD": secrets.token_urlsafe(24),
        "CONTROL_TOKEN": secrets.token_urlsafe(32),
        "ALERT_TOKEN": secrets.token_urlsafe(32),
    }


def _lines(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())
