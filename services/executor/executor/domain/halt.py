"""A halt: who has stopped the entries of which account, when, and why. Pure."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

ALL_MODELS: Final = "*"
"""What stands for every contender where a text is needed."""
UNKNOWN_AUTHOR: Final = "unknown"
MAX_TEXT: Final = 200
MAX_TIME_MS: Final = 253_402_300_799_000
"""The last second of the year 9999."""


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
    earlier versions and in those made by hand. Nothing of it can't be stored: times have bounds, characters that
    PostgreSQL doesn't take are gone.
    """
    model = _storable(model) if model else None
    try:
        row = json.loads(text)
        author, reason, at_ms = _storable(str(row["author"])), _storable(str(row["reason"])), int(row["time_ms"])
        is_local = row["is_local"] is not False
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        author, reason, at_ms = UNKNOWN_AUTHOR, _storable(text.strip())[:MAX_TEXT] or "no reason given", time_ms
        is_local = True
    return HaltRecord(model, author, min(max(0, at_ms), MAX_TIME_MS), reason, is_local)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
