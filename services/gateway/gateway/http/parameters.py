"""Query and path parameters, checked; a wrong one is a 400 that names it."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

from common.trading.intervals import INTERVALS_MS
from common.trading.roster import Roster
from gateway.http.errors import bad_parameter

MAX_LIMIT = 200
MAX_DIGITS = 9
MAX_TIME_DIGITS = 15
Cursor = tuple[int, str]
Choice = TypeVar("Choice", bound=str)


class RosterParameters:
    """The parameters whose values the roster names."""

    def __init__(self, roster: Roster) -> None:
        self._models = roster.ids
        self._symbols = tuple(symbol.value for symbol in roster.coins)

    def model(self, text: str) -> str:
        return _one_of("model", text, self._models)

    def symbol(self, text: str) -> str:
        return _one_of("symbol", text, self._symbols)

    def model_filter(self, query: Mapping[str, str]) -> str | None:
        """None where the parameter is left out: every contender."""
        text = query.get("model")
        return None if text is None else self.model(text)

    def symbol_filter(self, query: Mapping[str, str]) -> str | None:
        """None where the parameter is left out: every coin."""
        text = query.get("symbol")
        return None if text is None else self.symbol(text)

    @property
    def default_symbol(self) -> str:
        return self._symbols[0]


def parse_limit(query: Mapping[str, str], default: int, most: int = MAX_LIMIT) -> int:
    return parse_number(query, "limit", default, most)


def parse_number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS or not 1 <= int(text) <= most:
        raise bad_parameter(name, f"must be a whole number from 1 to {most}")
    return int(text)


def parse_interval(query: Mapping[str, str]) -> str:
    return _one_of("interval", query.get("interval", "1m"), tuple(INTERVALS_MS))


def parse_choice(query: Mapping[str, str], name: str, choices: tuple[Choice, ...]) -> Choice:
    """The choice, or the first one where the parameter is left out."""
    return _one_of(name, query.get(name, choices[0]), choices)


def parse_optional(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    """None where the parameter is left out."""
    return None if name not in query else _one_of(name, query[name], choices)


def parse_time(query: Mapping[str, str], name: str) -> int | None:
    """A time in ms since the epoch; None where the parameter is left out."""
    text = query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > MAX_TIME_DIGITS:
        raise bad_parameter(name, "must be a time in ms since 1970")
    return int(text)


def _one_of(name: str, text: str, choices: tuple[Choice, ...]) -> Choice:
    for choice in choices:
        if choice == text:
            return choice
    raise bad_parameter(name, f"must be one of {', '.join(choices)}")


def format_cursor(time_ms: int, row_id: str) -> str:
    """An opaque cursor for the page after a row."""
    return base64.urlsafe_b64encode(f"{time_ms}:{row_id}".encode()).decode().rstrip("=")


def parse_cursor(query: Mapping[str, str]) -> Cursor | None:
    """The cursor in `before`, if there is one."""
    text = query.get("before")
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        time_ms, _, row_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        if not 0 <= int(time_ms) < 2**62 or "\x00" in row_id:
            raise ValueError
        return int(time_ms), row_id
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise bad_parameter("before", "is not a cursor that this server issued") from None
