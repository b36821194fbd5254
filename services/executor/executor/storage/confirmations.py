"""A person's confirmation of real money: which accounts, and up to how much per order, in a file."""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

FILE: Final = "mainnet-confirmed.json"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was confirmed; addresses in lower case."""

    accounts: frozenset[str]
    cap_usd: Decimal


def read_confirmation(folder: Path) -> Confirmation | None:
    """The confirmation, or None when there is none that can be read."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        accounts = frozenset(str(account).lower() for account in content["accounts"])
        return Confirmation(accounts, Decimal(content["cap_usd"]))
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation):
        return None


def write_confirmation(folder: Path, confirmed: Confirmation, when: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"accounts": sorted(confirmed.accounts), "cap_usd": str(confirmed.cap_usd), "confirmed": when}
    (folder / FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
