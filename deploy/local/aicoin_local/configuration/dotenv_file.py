"""`make env`: a private `.env` for docker compose, with random passwords and new paper accounts."""

import secrets
import sys
from pathlib import Path

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.configuration.paper import new_paper_variables
from aicoin_local.settings import ROOT, full_environment, refuse
from aicoin_local.stores import write_private
from common.trading.roster import Roster

HEADER = (
    "# Made by make env: random passwords, paper accounts. Private: never commit it. Other settings: .env.example.\n"
)


def make() -> None:
    """Writes `.env` with random passwords and paper accounts; refuses to replace one."""
    path = ROOT / ".env"
    try:
        write_dotenv(path, roster_of(full_environment()))
    except FileExistsError:
        refuse([f"{path} exists already; it may hold the only copy of a key, so it stays as it is"])
    sys.stdout.write(f"{path} written\n")


def write_dotenv(path: Path, roster: Roster) -> None:
    """Writes the file, readable by its owner only. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    variables = {
        "HYPERLIQUID_ENV": "paper",
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "GRAFANA_PASSWORD": secrets.token_urlsafe(24),
        "CONTROL_TOKEN": secrets.token_urlsafe(32),
        "ALERT_TOKEN": secrets.token_urlsafe(32),
        **new_paper_variables(roster.ids),
    }
    write_private(path, HEADER + "".join(f"{name}={value}\n" for name, value in variables.items()))
