"""Numbers as a prompt shows them: short, without exponents."""

from collections.abc import Iterable
from decimal import Decimal

UNKNOWN = "n/a"


def figure(value: float | Decimal | None, digits: int = 5) -> str:
    """`value` to `digits` significant digits, whole part never cut: 117524, 0.21034, -3.2."""
    if value is None:
        return UNKNOWN
    number = float(value)
    if number == 0 or number != number:
        return "0" if number == 0 else UNKNOWN
    rounded = float(f"{number:.{digits}g}") if abs(number) < 10**digits else round(number)
    text = format(Decimal(repr(rounded)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def series(values: Iterable[float], count: int, digits: int = 5) -> str:
    """The last `count` values, oldest first, in brackets."""
    last = list(values)[-count:]
    return f"[{', '.join(figure(value, digits) for value in last)}]" if last else UNKNOWN


def usd(value: Decimal | float) -> str:
    """A sum of money with two decimals and no sign of its own currency."""
    return f"{Decimal(value):.2f}"


def percent(value: float | Decimal | None, decimals: int = 2) -> str:
    """A signed percentage: +1.25 %."""
    return UNKNOWN if value is None else f"{float(value):+.{decimals}f} %"
