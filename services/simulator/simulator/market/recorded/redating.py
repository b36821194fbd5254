"""Moves a recording to the present, so that programs that go by the wall clock can trade on it."""

from typing import Any, Final

from simulator.market.candles import DAY_MS, HOUR_MS, MINUTE_MS

SHARE: Final = 10
TIMES: Final = ("time", "t", "T")
"""Fields of the recorded messages and candles that hold a time in ms."""


def shift_to(now_ms: int, start_ms: int, end_ms: int) -> int:
    """By how many ms to move a recording, so that `now_ms` lies within it.

    Whole days where the recording has ten or more, else whole hours or minutes: the longer candles then still begin at
    their own times. Up to that unit of the recording's start lies in the past.
    """
    length_ms = end_ms - start_ms
    unit_ms = next((unit for unit in (DAY_MS, HOUR_MS) if unit * SHARE <= length_ms), MINUTE_MS)
    return (now_ms - start_ms) // unit_ms * unit_ms


def moved(content: Any, shift_ms: int) -> Any:
    """A recorded message or answer with all of its times moved."""
    if not shift_ms:
        return content
    if isinstance(content, list):
        return [moved(each, shift_ms) for each in content]
    if isinstance(content, dict):
        return {name: _moved_field(name, value, shift_ms) for name, value in content.items()}
    return content


def _moved_field(name: str, value: Any, shift_ms: int) -> Any:
    return value + shift_ms if name in TIMES and type(value) is int else moved(value, shift_ms)
