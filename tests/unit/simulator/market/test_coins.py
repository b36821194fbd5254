"""A coin's rules for prices and sizes."""

from decimal import Decimal

import pytest

from simulator.market.coins import COINS


@pytest.mark.parametrize(
    ("name", "price", "step"),
    [
        ("BTC", 117_500.0, 1.0),
        ("ETH", 3_720.0, 0.1),
        ("HYPE", 38.0, 0.001),
        ("HYPE", 3.8, 0.0001),
        ("DOGE", 0.21, 1e-5),
    ],
)
def test_price_step_has_five_figures_and_at_most_the_coins_decimals(name: str, price: float, step: float) -> None:
    assert COINS[name].price_step(price) == pytest.approx(step)


@pytest.mark.parametrize("name", COINS)
def test_a_rounded_price_is_accepted(name: str) -> None:
    coin = COINS[name]
    for factor in (0.5, 0.987654, 1.0, 1.234567, 3.3):
        assert coin.accepts_price(Decimal(repr(coin.round_price(coin.start_price * factor))))


@pytest.mark.parametrize(("price", "accepted"), [("38.123", True), ("38.1234", False), ("0", False), ("123456", True)])
def test_prices_beyond_the_step_are_refused_except_integers(price: str, accepted: bool) -> None:
    assert COINS["HYPE"].accepts_price(Decimal(price)) is accepted


def test_sizes_are_multiples_of_the_lot() -> None:
    hype = COINS["HYPE"]
    assert hype.lot == Decimal("0.01")
    assert hype.accepts_size(Decimal("1.230"))
    assert not hype.accepts_size(Decimal("1.234"))
