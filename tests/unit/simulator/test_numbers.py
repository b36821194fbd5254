"""Number strings: the exchange's format, and the text that counts as a number."""

from decimal import Decimal

import pytest

from simulator.numbers import decimals_of, number_text, parse_number, rounded_text, truncated_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("117564"), "117564.0"),
        (Decimal("1E+3"), "1000.0"),
        (Decimal("0.10"), "0.1"),
        (Decimal("-0.0"), "0.0"),
        (1e-7, "0.0000001"),
        (2.5, "2.5"),
    ],
)
def test_a_number_has_a_decimal_and_no_exponent(value: Decimal | float, text: str) -> None:
    assert number_text(value) == text


def test_margin_figures_are_truncated_and_others_rounded() -> None:
    assert truncated_text(Decimal("1.2345678")) == "1.234567"
    assert truncated_text(Decimal("-1.2345678")) == "-1.234567"
    assert rounded_text(Decimal("1.2345678"), 6) == "1.234568"


@pytest.mark.parametrize("text", ["1e5", "NaN", "+1", " 1", "1.", ".5", "", "1" * 21, 1, None])
def test_other_text_is_not_a_number(text: object) -> None:
    assert parse_number(text) is None


def test_trailing_zeros_are_not_decimals() -> None:
    assert [decimals_of(Decimal(text)) for text in ("1.500", "100", "0.001")] == [1, 0, 3]
