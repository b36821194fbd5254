"""Lots, price steps and tiers against the exchange's recorded figures."""

from decimal import Decimal

import pytest

from common.trading.instruments import INSTRUMENTS, Rounding, Symbol
from common.trading.orders import OrderSide, Side, entry_side, exit_side

D = Decimal


@pytest.mark.parametrize(
    ("symbol", "price", "step"),
    [
        (Symbol.BTC, "117564.3", "1"),
        (Symbol.BTC, "9999.5", "0.1"),
        (Symbol.ETH, "4123.4", "0.1"),
        (Symbol.ETH, "12345", "1"),
        (Symbol.ETH, "900", "0.01"),
        (Symbol.SOL, "213.37", "0.01"),
        (Symbol.SOL, "5.1", "0.0001"),
        (Symbol.BNB, "612.3", "0.01"),
        (Symbol.BNB, "99.1", "0.001"),
        (Symbol.DOGE, "0.23456", "0.00001"),
        (Symbol.DOGE, "0.01", "0.000001"),
        (Symbol.XRP, "2.5", "0.0001"),
    ],
)
def test_the_price_step_depends_on_the_price(symbol: Symbol, price: str, step: str) -> None:
    assert INSTRUMENTS[symbol].price_step(D(price)) == D(step)


@pytest.mark.parametrize(
    ("price", "valid"), [("117564", True), ("117564.5", False), ("99999", True), ("9999.5", True), ("0", False)]
)
def test_whole_prices_of_six_figures_are_valid(price: str, valid: bool) -> None:
    assert INSTRUMENTS[Symbol.BTC].is_valid_price(D(price)) is valid


@pytest.mark.parametrize(("rounding", "expected"), [("nearest", "4123.5"), ("up", "4123.5"), ("down", "4123.4")])
def test_a_price_is_rounded_the_way_asked_for(rounding: Rounding, expected: str) -> None:
    assert INSTRUMENTS[Symbol.ETH].round_price(D("4123.46"), rounding) == D(expected)


@pytest.mark.parametrize(
    ("symbol", "size", "rounded"),
    [(Symbol.BTC, "0.123459", "0.12345"), (Symbol.DOGE, "17.99", "17"), (Symbol.SOL, "0.009", "0")],
)
def test_a_size_is_rounded_down_to_the_lot(symbol: Symbol, size: str, rounded: str) -> None:
    assert INSTRUMENTS[symbol].round_size(D(size)) == D(rounded)


@pytest.mark.parametrize("price", ["0", "-1"])
def test_a_price_must_be_positive(price: str) -> None:
    with pytest.raises(ValueError, match="positive"):
        INSTRUMENTS[Symbol.BTC].price_step(D(price))


def test_a_price_that_rounds_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rounds to no valid price"):
        INSTRUMENTS[Symbol.DOGE].round_price(D("0.0000001"), "down")


@pytest.mark.parametrize(
    ("symbol", "notional", "leverage"),
    [
        (Symbol.BTC, "149999999", 40),
        (Symbol.BTC, "150000000", 20),
        (Symbol.ETH, "100000000", 15),
        (Symbol.SOL, "70000000", 10),
        (Symbol.XRP, "40000000", 10),
        (Symbol.DOGE, "20000000", 5),
        (Symbol.BNB, "3000000", 5),
        (Symbol.BNB, "2999999", 10),
    ],
)
def test_margin_tiers_begin_at_their_bounds(symbol: Symbol, notional: str, leverage: int) -> None:
    assert INSTRUMENTS[symbol].tier(D(notional)).max_leverage == leverage


def test_every_symbol_has_its_instrument_in_order() -> None:
    assert list(INSTRUMENTS) == list(Symbol)


@pytest.mark.parametrize("side", list(Side))
def test_leaving_a_position_is_the_opposite_of_entering_it(side: Side) -> None:
    assert entry_side(side) is exit_side(side.opposite)
    assert entry_side(side) is not exit_side(side)
    assert side.sign == -side.opposite.sign == (1 if entry_side(side) is OrderSide.BUY else -1)
