"""Reading a request's body: JSON, up to a limit, never more than the limit in memory."""

import json
from typing import Any

from starlette.requests import Request

MAX_BODY_BYTES = 2_000_000


class TooLong(Exception):
    """A body beyond the limit (HTTP 413); it isn't read to its end."""


async def read_json(request: Request) -> Any:
    """The JSON body. Raises TooLong, or ValueError for what isn't JSON."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise TooLong
        parts.append(part)
    return parse_json(b"".join(parts))


def parse_json(text: str | bytes) -> Any:
    """Any JSON. Raises ValueError, also for NaN and Infinity, which Python would take, and for endless nesting."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
