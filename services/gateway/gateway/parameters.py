"""Query parameters, checked; a wrong one is a 400 that names it."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import MODELS, SYMBOLS
from gateway.errors import bad_parameter

MAX_LIMIT = 200
MAX_DIGITS = 9
Cursor = tuple[int, str]
Choice = TypeVar("Choice", bound=str)


def limit_of(query: Mapping[str, str], default: int, most: int = MAX_LIMIT) -> int:
    return number_of(query, "limit", default, most)


def number_of(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS or not 1 <= int(text) <= most:
        raise bad_parameter(name, f"must be a whole number from 1 to {most}")
    return int(text)


def model_of(query: Mapping[str, str]) -> str | None:
    model = query.get("model")
    return None if model is None else known_model(model)


def known_model(model: str) -> str:
    if model not in MODELS:
        raise bad_parameter("model", f"must be one of {', '.join(MODELS)}")
    return model


def symbol_of(query: Mapping[str, str]) -> str | None:
    symbol = query.get("symbol")
    return None if symbol is None else known_symbol(symbol)


def known_symbol(symbol: str) -> str:
    if symbol not in SYMBOLS:
        raise bad_parameter("symbol", f"must be one of {', '.join(SYMBOLS)}")
    return symbol


def interval_of(query: Mapping[str, str]) -> str:
    interval = query.get("interval", "1m")
    if interval not in INTERVALS_MS:
        raise bad_parameter("interval", f"must be one of {', '.join(INTERVALS_MS)}")
    return interval


def choice_of(query: Mapping[str, str], name: str, choices: tuple[Choice, ...]) -> Choice:
    """The choice made, the first one without any."""
    value = query.get(name, choices[0])
    for choice in choices:
        if choice == value:
            return choice
    raise bad_parameter(name, f"must be one of {', '.join(choices)}")


def cursor_text(time_ms: int, row_id: str) -> str:
    """An opaque cursor for the page after a row."""
    return base64.urlsafe_b64encode(f"{time_ms}:{row_id}".encode()).decode().rstrip("=")


def cursor_of(query: Mapping[str, str]) -> Cursor | None:
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
        raise bad_parameter("before", "is not a cursor that this server gave out") from None
