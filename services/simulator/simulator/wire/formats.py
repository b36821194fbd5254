"""Numbers as Hyperliquid writes them, and the rules for prices and sizes it accepts."""

import re
from decimal import ROUND_DOWN, Decimal
from typing import Any

from simulator.coins import Coin

MAX_DECIMALS = 6
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,30})?")
"""A number on the wire. The exchange counts in 64 bits: what is far beyond isn't a number to it."""


def text(value: Decimal | float) -> str:
    """A number string with at least one decimal and no exponent ("117564.0", "0.0")."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    digits = format(number, "f")
    if "." not in digits:
        return digits + ".0"
    whole, _, fraction = digits.partition(".")
    result = f"{whole}.{fraction.rstrip('0') or '0'}"
    return "0.0" if result == "-0.0" else result


def truncated(value: Decimal, decimals: int = 6) -> str:
    """Cut, not rounded, to that many decimals: how margin figures are printed."""
    return text(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN))


def rounded(value: Decimal, decimals: int) -> str:
    return text(round(value, decimals))


def price_step(coin: Coin, price: float) -> float:
    """The price step at `price`: five significant figures, at most 6 − szDecimals decimals, never above 1."""
    figures = (
        len(str(int(price)))
        if price >= 1
        else -(len(f"{price:.12f}".split(".")[1]) - len(f"{price:.12f}".split(".")[1].lstrip("0")))
    )
    decimals = min(5 - figures, MAX_DECIMALS - coin.size_decimals)
    return float(10.0 ** -max(decimals, 0))


def round_price(coin: Coin, price: float) -> float:
    """The nearest valid price."""
    step = price_step(coin, price)
    return round(round(price / step) * step, MAX_DECIMALS)


def parse_number(value: Any) -> Decimal | None:
    """The decimal of a wire string, or None."""
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def is_valid_price(coin: Coin, price: Decimal) -> bool:
    """Integer, or at most five significant figures and 6 − szDecimals decimals. Source: docs, Tick and lot size."""
    if price <= 0:
        return False
    if price == price.to_integral_value():
        return True
    digits = price.normalize()
    exponent = int(digits.as_tuple().exponent)
    return len(digits.as_tuple().digits) <= 5 and -exponent <= MAX_DECIMALS - coin.size_decimals


def is_valid_size(coin: Coin, size: Decimal) -> bool:
    """At most szDecimals decimals."""
    return -int(size.normalize().as_tuple().exponent) <= coin.size_decimals


def decimals_of(value: Decimal) -> int:
    """Decimals after stripping trailing zeros."""
    return max(0, -int(value.normalize().as_tuple().exponent))
