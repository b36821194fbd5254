"""Reads a request's JSON body up to a limit; no more than the limit is held in memory."""

import json
from typing import Any

from starlette.requests import Request

MAX_BODY_BYTES = 2_000_000


class BodyTooLong(Exception):
    """The body exceeds the limit (HTTP 413); the rest of it isn't read."""


async def read_json(request: Request) -> Any:
    """The JSON body. Raises BodyTooLong, or ValueError for what isn't JSON."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise BodyTooLong
        parts.append(part)
    return parse_json(b"".join(parts))


def parse_json(text: str | bytes) -> Any:
    """The parsed JSON. Raises ValueError, also for NaN and Infinity, which Python accepts, and for too deep nesting."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
