"""What all requests share: the refusal of an unreadable one, and the two plain answers."""

import re
from typing import Any, Final

ADDRESS: Final = re.compile(r"0[xX][0-9a-fA-F]{40}")


class BadRequest(Exception):
    """The body can't be read as a request of its type (HTTP 422)."""


class Unsupported(Exception):
    """Readable, but the exchange has no answer to such arguments (HTTP 500, body null)."""


def default() -> dict[str, Any]:
    return {"status": "ok", "response": {"type": "default"}}


def statuses(kind: str, found: list[Any]) -> dict[str, Any]:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": found}}}


def is_count(value: Any) -> bool:
    """Whether a value is an unsigned 64-bit integer."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64
