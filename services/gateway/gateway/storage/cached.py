"""Values of the cache's keys, which any client of Redis may have written: one that is no JSON object is missing."""

import json
from typing import Any


def decode_cached(value: bytes | str | None, *fields: str) -> dict[str, Any] | None:
    """The object that a key holds; None when there is none, it can't be read, or lacks one of `fields`."""
    if value is None:
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and all(name in found for name in fields) else None
