"""Numbers as a prompt shows them."""

from decimal import Decimal

import pytest

from common.agent.prompt.figures import figure, one_line, percent, series, usd


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (117_524.26, 5, "117524"),
        (Decimal("0.210341"), 5, "0.21034"),
        (-3.2, 5, "-3.2"),
        (0.0000125, 5, "0.0000125"),
        (0, 5, "0"),
        (None, 5, "n/a"),
        (float("nan"), 5, "n/a"),
        (1e7, 3, "10000000"),
        (99_999.7, 5, "100000"),
    ],
)
def test_a_figure_is_short_and_without_exponent(value: float | Decimal | None, digits: int, expected: str) -> None:
    assert figure(value, digits) == expected


def test_a_series_shows_its_last_values_oldest_first() -> None:
    assert series([1, 2, 3, 4.5], 3) == "[2,3,4.5]"
    assert series([1, 2], 1) == "2"
    assert series([], 3) == "n/a"


def test_a_text_is_shown_in_one_line_of_bounded_length() -> None:
    assert one_line('a "b"\n\tc\x00 d', 20) == "\"a 'b' c d\""
    assert one_line("x" * 30, 5) == '"xxxx…"'
    assert one_line(None, 5) == "n/a"


def test_money_and_percentages() -> None:
    assert usd(Decimal("9.999")) == "10.00"
    assert percent(1.254) == "+1.25 %"
    assert percent(None) == "n/a"
