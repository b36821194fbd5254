"""Numbers as Hyperliquid writes them: decimal strings. Below everything else; imports nothing of the package."""

import re
from decimal import ROUND_DOWN, Decimal
from typing import Any

MAX_DECIMALS = 6
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,30})?")
"""A number on the wire. The exchange counts in 64 bits: it refuses what is far beyond as unreadable."""


def number_text(value: Decimal | float) -> str:
    """A number string with at least one decimal and no exponent ("117564.0", "0.0")."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    digits = format(number, "f")
    if "." not in digits:
        return digits + ".0"
    whole, _, fraction = digits.partition(".")
    result = f"{whole}.{fraction.rstrip('0') or '0'}"
    return "0.0" if result == "-0.0" else result


def truncated_text(value: Decimal, decimals: int = 6) -> str:
    """The number string of a value cut, not rounded, to that many decimals: how margin figures are printed."""
    return number_text(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN))


def rounded_text(value: Decimal, decimals: int) -> str:
    """The number string of a value rounded to that many decimals."""
    return number_text(round(value, decimals))


def parse_number(value: Any) -> Decimal | None:
    """The decimal of a wire string, or None."""
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def decimals_of(value: Decimal) -> int:
    """The count of decimals without trailing zeros."""
    return max(0, -int(value.normalize().as_tuple().exponent))
