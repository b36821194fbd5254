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
    if abs(number) >= 10**digits:
        return str(round(number))
    text = f"{number:.{digits}g}"
    return format(Decimal(text), "f") if "e" in text else text


def series(values: Iterable[float], count: int, digits: int = 5) -> str:
    """The last `count` values, oldest first, in brackets; a single one without."""
    last = [figure(value, digits) for value in list(values)[-count:]]
    return f"[{','.join(last)}]" if len(last) > 1 else (last or [UNKNOWN])[0]


def usd(value: Decimal | float) -> str:
    """A sum of money with two decimals and no sign of its own currency."""
    return f"{Decimal(value):.2f}"


def percent(value: float | Decimal | None, decimals: int = 2) -> str:
    """A signed percentage: +1.25 %."""
    return UNKNOWN if value is None else f"{float(value):+.{decimals}f} %"


def one_line(text: str | None, limit: int) -> str:
    """A text in one line of at most `limit` characters, in quotation marks."""
    if text is None:
        return UNKNOWN
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split()).replace('"', "'")
    return f'"{line}"' if len(line) <= limit else f'"{line[: limit - 1]}…"'
