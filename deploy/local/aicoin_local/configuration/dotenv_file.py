"""`make env`: a private `.env` for docker compose, with random passwords and new paper accounts."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.configuration.paper import new_paper_variables
from aicoin_local.settings import ROOT, full_environment
from aicoin_local.stores import write_private
from common.trading.roster import Roster

USERS: Final = (
    "INGESTER",
    "AGENT_DEEPSEEK",
    "AGENT_QWEN",
    "AGENT_OPENAI",
    "RISK",
    "EXECUTOR",
    "RECORDER",
    "GATEWAY",
)
"""The services of compose.yaml that have a user in the stores, as their passwords' names end."""
HEADER = (
    "# Made by make env: random passwords, paper accounts. Private: never commit it. Other settings: .env.example.\n"
)


def make() -> None:
    """Writes `.env` with random passwords and paper accounts, or adds what one of an earlier version lacks."""
    path = ROOT / ".env"
    if not path.exists():
        write_dotenv(path, roster_of(full_environment()))
        sys.stdout.write(f"{path} written\n")
        return
    added = complete_dotenv(path)
    what = f"{', '.join(added)} added" if added else "nothing is missing"
    sys.stdout.write(f"{path} stays as it is, as it may hold the only copy of a key; {what}\n")


def write_dotenv(path: Path, roster: Roster) -> None:
    """Writes the file, readable by its owner only. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    variables = {"HYPERLIQUID_ENV": "paper", **_passwords(), **new_paper_variables(roster.ids)}
    write_private(path, HEADER + _lines(variables))


def complete_dotenv(path: Path) -> list[str]:
    """Appends the passwords that the file doesn't name, and returns their names; no line of it changes."""
    text = path.read_text(encoding="utf-8")
    named = dotenv_values(path, interpolate=False)
    missing = {name: value for name, value in _passwords().items() if not named.get(name)}
    if missing:
        write_private(path, text + ("" if not text or text.endswith("\n") else "\n") + _lines(missing))
    return list(missing)


def _passwords() -> dict[str, str]:
    return {
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        **{f"STORE_PASSWORD_{service}": secrets.token_urlsafe(24) for service in USERS},
        "GRAFANA_PASSWORD": secrets.token_urlsafe(24),
        "CONTROL_TOKEN": secrets.token_urlsafe(32),
        "ALERT_TOKEN": secrets.token_urlsafe(32),
    }


def _lines(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())
