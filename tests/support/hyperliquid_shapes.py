"""Shapes of Hyperliquid's payloads: keys, types and the way numbers are written, without the values.

A shape is JSON itself: an object has the shapes of its values, a list those of its elements, and a value is replaced by
the name of its kind: `decimal`, `hex`, `text`, `int`, `float`, `bool` or `null`.
"""

import re
from collections.abc import Iterator
from typing import Any

Shape = Any

MAX_TUPLE_LENGTH = 8
"""Longer lists of mixed shapes are histories rather than tuples: position has no meaning in them."""

_DECIMAL = re.compile(r"^-?\d+\.\d+$")
_HEX = re.compile(r"^0x[0-9a-f]+$")


def shape(value: Any) -> Shape:
    """The shape of a decoded payload."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str):
        return "decimal" if _DECIMAL.match(value) else "hex" if _HEX.match(value) else "text"
    return "null" if value is None else type(value).__name__


def shorten(full: Shape) -> Shape:
    """The shape with one element for each uniform list and each history; tuples stay whole."""
    if isinstance(full, dict):
        return {key: shorten(each) for key, each in full.items()}
    if not isinstance(full, list):
        return full
    elements = [shorten(each) for each in full]
    is_tuple = len(elements) <= MAX_TUPLE_LENGTH and any(each != elements[0] for each in elements)
    return elements if is_tuple else elements[:1]


def differences(recorded: Shape, simulated: Shape, place: str = "") -> Iterator[str]:
    """Where the simulated payload lacks a recorded field or has another form.

    Null equals everything, because an optional field shows its kind in other payloads. A list of one recorded element
    describes every simulated one; keys that are numbers (margin tables, assets) may be absent.
    """
    if "null" in (recorded, simulated):
        return
    if isinstance(recorded, dict) and isinstance(simulated, dict):
        for key in recorded:
            if key in simulated:
                yield from differences(recorded[key], simulated[key], f"{place}.{key}")
            elif not key.isdigit():
                yield f"{place}.{key} is missing"
    elif isinstance(recorded, list) and isinstance(simulated, list):
        yield from _list_differences(recorded, simulated, place)
    elif recorded != simulated:
        yield f"{place}: recorded is {recorded}, simulated {simulated}"


def _list_differences(recorded: list[Shape], simulated: list[Shape], place: str) -> Iterator[str]:
    is_tuple = any(each != recorded[0] for each in recorded)
    if is_tuple and len(recorded) == len(simulated):
        for number, (one, two) in enumerate(zip(recorded, simulated, strict=True)):
            yield from differences(one, two, f"{place}[{number}]")
    elif recorded:
        for each in simulated[:1] if is_tuple else simulated:
            yield from differences(recorded[0], each, f"{place}[]")
