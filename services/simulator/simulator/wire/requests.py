"""What all requests share: the errors for unreadable ones, the address format, and the two generic responses."""

import re
from typing import Any, Final

ADDRESS: Final = re.compile(r"0[xX][0-9a-fA-F]{40}")


class BadRequest(Exception):
    """The body can't be read as a request of its type (HTTP 422)."""


class Unsupported(Exception):
    """The body can be read, but the exchange has no answer to its arguments (HTTP 500, body null)."""


def default_response() -> dict[str, Any]:
    return {"status": "ok", "response": {"type": "default"}}


def statuses_response(kind: str, statuses: list[Any]) -> dict[str, Any]:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}}


def is_uint64(value: Any) -> bool:
    """Whether a value is an unsigned 64-bit integer."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64
