"""A halt: who has stopped the entries of which account, when, and why. Pure."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

ALL_MODELS: Final = "*"
"""What stands for every contender where a text is needed."""
UNKNOWN_AUTHOR: Final = "unknown"


@dataclass(frozen=True, slots=True)
class HaltRecord:
    """`model` None halts every contender; `time_ms` is wall time.

    A local halt was made on the executor's machine, by the kill switch or by hand, and ends there. Any other came by a
    command, and ends by a younger RESUME.
    """

    model: str | None
    author: str
    time_ms: int
    reason: str
    is_local: bool = False

    @property
    def scope(self) -> str:
        return self.model or ALL_MODELS

    def concerns(self, model: str) -> bool:
        return self.model in (None, model)

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.time_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")
        return f"{self.model or 'all'} by {self.author} at {when}: {self.reason}"


def format_halt(halt: HaltRecord) -> str:
    """The text of a halt file."""
    return json.dumps(asdict(halt)) + "\n"


def parse_halt(text: str, model: str | None, time_ms: int) -> HaltRecord:
    """What a halt file says; `model` and `time_ms` are those of the file.

    One that doesn't say that a command has made it is local. Whatever else it holds is its reason, as in the files of
    earlier versions and in those made by hand.
    """
    try:
        row = json.loads(text)
        author, reason, at_ms = str(row["author"]), str(row["reason"]), int(row["time_ms"])
        return HaltRecord(model, author, at_ms, reason, is_local=row["is_local"] is not False)
    except (ValueError, KeyError, TypeError):
        return HaltRecord(model, UNKNOWN_AUTHOR, time_ms, text.strip()[:200] or "no reason given", is_local=True)
