"""Numbers as a prompt shows them."""

from decimal import Decimal

import pytest

from common.agent.prompt.figures import figure, percent, series, usd


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
    ],
)
def test_a_figure_is_short_and_without_exponent(value: float | Decimal | None, digits: int, expected: str) -> None:
    assert figure(value, digits) == expected


def test_a_series_shows_its_last_values_oldest_first() -> None:
    assert series([1, 2, 3, 4.5], 3) == "[2, 3, 4.5]"
    assert series([], 3) == "n/a"


def test_money_and_percentages() -> None:
    assert usd(Decimal("9.999")) == "10.00"
    assert percent(1.254) == "+1.25 %"
    assert percent(None) == "n/a"
