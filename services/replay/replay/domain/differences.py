"""Where a replayed text or decision differs from the recorded one, short enough to be read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

EXCERPT_CHARACTERS: Final = 120
ABSENT: Final = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a replayed cycle differs from its record."""

    cycle_id: str
    model: str
    place: str
    recorded: str
    replayed: str


def differing_lines(recorded: str, replayed: str) -> Iterator[tuple[str, str, str]]:
    """Each line that differs, as place, recorded and replayed excerpt."""
    for number, (left, right) in enumerate(zip_longest(recorded.splitlines(), replayed.splitlines()), 1):
        if left != right:
            yield f"line {number}", *_excerpts(left, right)


def differing_fields(recorded: bytes, replayed: bytes) -> Iterator[tuple[str, str, str]]:
    """Each field of two JSON bodies that differs, as dotted path, recorded and replayed excerpt."""
    yield from _walk("", json.loads(recorded), json.loads(replayed))


def _walk(path: str, left: Any, right: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in {**left, **right}:
            yield from _walk(f"{path}.{key}" if path else key, left.get(key), right.get(key))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _walk(f"{path}.{index}", one, other)
    elif left != right or type(left) is not type(right):
        yield path, *_excerpts(_text(left), _text(right))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _excerpts(left: str | None, right: str | None) -> tuple[str, str]:
    """Both texts from shortly before the first character that differs."""
    one, other = left or "", right or ""
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    begin = max(0, shared - EXCERPT_CHARACTERS // 3)
    return _cut(left, begin), _cut(right, begin)


def _cut(text: str | None, begin: int) -> str:
    if text is None:
        return ABSENT
    lead = "…" if begin else ""
    return lead + text[begin : begin + EXCERPT_CHARACTERS] + ("…" if len(text) > begin + EXCERPT_CHARACTERS else "")
