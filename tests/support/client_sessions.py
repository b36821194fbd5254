"""Scripted sessions of clients that were written without the simulator: ccxt, and TypeScript's @nktkas/hyperliquid."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from eth_account import Account

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = ROOT / "tests" / "contract" / "clients"
BIN: Final = ROOT / ".venv" / "clients" / "bin"
KEY: Final = "0x" + "ab" * 32
ADDRESS: Final[str] = Account.from_key(KEY).address
SESSION_LIMIT_S: Final = 300
NOT_INSTALLED: Final = "the independent clients are not installed: make setup-dev"


def ccxt_session(url: str) -> dict[str, Any]:
    """What ccxt saw of the exchange at `url`."""
    return _session(str(BIN / "python"), "ccxt_session.py", url, ADDRESS, KEY)


def nktkas_session(url: str) -> dict[str, Any]:
    """What @nktkas/hyperliquid saw of the exchange at `url`."""
    return _session(str(BIN / "node"), "nktkas_session.mjs", url, KEY)


def _session(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=SESSION_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen
