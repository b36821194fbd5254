"""A person's confirmation of real money: which accounts, and up to how much per order, in a file of the executor's."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

FILE = "mainnet-confirmed.json"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was confirmed; addresses in lower case."""

    accounts: Collection[str]
    cap_usd: Decimal

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Confirmation):
            return NotImplemented
        return set(self.accounts) == set(other.accounts) and self.cap_usd == other.cap_usd

    __hash__ = None  # type: ignore[assignment]


def read_confirmation(folder: Path) -> Confirmation | None:
    """The confirmation, or None when there is none that can be read."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Confirmation([str(account).lower() for account in content["accounts"]], Decimal(content["cap_usd"]))
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation):
        return None


def write_confirmation(folder: Path, confirmed: Confirmation, when: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"accounts": sorted(confirmed.accounts), "cap_usd": str(confirmed.cap_usd), "confirmed": when}
    (folder / FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
