"""Entries that don't belong on the bus, whoever may have added them: each kind, for each stream."""

import json
from pathlib import Path
from typing import Any

from common.events.catalog import CATALOG
from common.events.codec import MAX_EVENT_BYTES

GOLDEN = Path(__file__).parents[1] / "golden" / "events"
Fields = dict[str, bytes | str]


def example(stream: str) -> dict[str, Any]:
    """A readable event of the stream, from the golden examples of its present version."""
    found: dict[str, Any] = json.loads(
        (GOLDEN / f"{stream}.v{CATALOG[stream].payload.VERSION}.json").read_text(encoding="utf-8")
    )
    return found


def entry(event: Any, **changes: bytes | str) -> Fields:
    """An entry's fields as the bus adds them."""
    body = event if isinstance(event, bytes | str) else json.dumps(event)
    return {"event": body, "source": "somebody", "sequence": "1", "epoch": "1"} | changes


def unreadable(stream: str) -> dict[str, Fields]:
    """One entry of each kind that can't be read as an event of the stream."""
    event = example(stream)
    other = example(next(name for name in CATALOG if name != stream))
    return {
        "no event": {"a": "b"},
        "an empty field": {"": ""},
        "an empty event": entry(""),
        "not JSON": entry("{"),
        "bytes": entry(b"\xff\xfe\x00"),
        "no object": entry("[1, 2]"),
        "deep": entry("[" * 100_000),
        "of another stream": entry(other),
        "another version": entry(event | {"version": 99}),
        "other types": entry(event | {"time_ms": "yesterday", "data": [1]}),
        "no data": entry({name: value for name, value in event.items() if name != "data"}),
        "no number": entry(event, sequence="x"),
        "too large a number": entry(event, epoch=str(10**30)),
        "no source": {name: value for name, value in entry(event).items() if name != "source"},
        "a source of bytes": entry(event, source=b"\xff"),
        "huge": entry(b'"' + b"x" * MAX_EVENT_BYTES + b'"'),
    }
