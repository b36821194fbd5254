"""Margin and liquidation against figures that the exchange itself printed, and the documented golden cases."""

from decimal import Decimal

import pytest

from common.trading.instruments import INSTRUMENTS, Instrument, MarginTier, Symbol
from common.trading.margin import (
    initial_margin_usd,
    isolated_liquidation_price,
    liquidation_distance_fraction,
    maintenance_margin_fraction,
    maintenance_margin_usd,
    notional_usd,
    unrealized_pnl_usd,
    usable_leverage,
)
from common.trading.orders import Side

D = Decimal
BTC = INSTRUMENTS[Symbol.BTC]


@pytest.mark.parametrize(
    ("symbol", "fraction"),
    [("BTC", "0.0125"), ("ETH", "0.02"), ("SOL", "0.025"), ("XRP", "0.025"), ("BNB", "0.05"), ("DOGE", "0.05")],
)
def test_maintenance_is_half_the_initial_margin_at_maximum_leverage(symbol: Symbol, fraction: str) -> None:
    assert maintenance_margin_fraction(INSTRUMENTS[symbol], D(1_000)) == D(fraction)


def test_maintenance_margin_as_the_exchange_printed_it() -> None:
    # Recorded: a BTC position of 377,667 USD with crossMaintenanceMarginUsed 4720.8375.
    assert maintenance_margin_usd(BTC, D("377667")) == D("4720.8375")


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda instrument: instrument.symbol)
def test_maintenance_margin_is_continuous_where_a_tier_begins(instrument: Instrument) -> None:
    bound = instrument.tiers[1].lower_bound_usd
    below, at, above = (maintenance_margin_usd(instrument, bound + step) for step in (D("-0.01"), D(0), D("0.01")))
    assert below < at < above
    assert at - below < D("0.01")
    assert above - at < D("0.01")


def test_maintenance_margin_beyond_a_tier_by_hand() -> None:
    # 1.25 % of the first 150 million and 2.5 % of what lies above.
    assert maintenance_margin_usd(BTC, D(160_000_000)) == D(150_000_000) * D("0.0125") + D(10_000_000) * D("0.025")


def test_liquidation_price_as_the_exchange_printed_it() -> None:
    # The example of clearinghouseState in the exchange's documentation: ETH when its maximum leverage was 50. Its
    # rawUsd has 0.02 USD of costs in it that a fresh position has not; the price is proportional to rawUsd.
    eth = Instrument(Symbol.ETH, 4, 50, (MarginTier(D(0), 50),))
    size, entry, printed_raw_usd, printed_price = D("0.0335"), D("2986.3"), D("-95.059824"), D("2866.26936529")
    fresh = isolated_liquidation_price(eth, Side.LONG, size, entry, 20)
    assert fresh is not None
    fresh_raw_usd = size * entry / 20 - size * entry
    assert abs(fresh * printed_raw_usd / fresh_raw_usd - printed_price) < D("0.0001")


@pytest.mark.parametrize(("symbol", "percent"), [(Symbol.BTC, "3.80"), (Symbol.ETH, "3.06"), (Symbol.SOL, "2.56")])
def test_a_20x_long_is_liquidated_before_a_5_percent_stop(symbol: Symbol, percent: str) -> None:
    distance = liquidation_distance_fraction(INSTRUMENTS[symbol], Side.LONG, 20)
    assert (distance * 100).quantize(D("0.01")) == D(percent)


@pytest.mark.parametrize(
    ("symbol", "long", "short"),
    [("BTC", 11, 11), ("ETH", 10, 10), ("SOL", 10, 9), ("XRP", 10, 9), ("BNB", 8, 7), ("DOGE", 8, 7)],
)
def test_usable_leverage_golden(symbol: Symbol, long: int, short: int) -> None:
    found = [usable_leverage(INSTRUMENTS[symbol], side, D("0.05"), D("1.5"), 20) for side in (Side.LONG, Side.SHORT)]
    assert found == [long, short]


def test_no_leverage_is_usable_when_even_1x_is_liquidated_before_the_stop() -> None:
    tight = Instrument(Symbol.BTC, 5, 1, (MarginTier(D(0), 1),))
    assert usable_leverage(tight, Side.SHORT, D("0.5"), D(2), 20) == 0


def test_an_unleveraged_long_is_never_liquidated() -> None:
    assert isolated_liquidation_price(BTC, Side.LONG, D(1), D(100), 1) is None
    assert liquidation_distance_fraction(BTC, Side.LONG, 1) == 1
    assert isolated_liquidation_price(BTC, Side.SHORT, D(1), D(100), 1) is not None


@pytest.mark.parametrize(("side", "pnl"), [(Side.LONG, "-20"), (Side.SHORT, "20")])
def test_unrealized_profit_has_the_sign_of_the_side(side: Side, pnl: str) -> None:
    assert unrealized_pnl_usd(side, D(2), D(110), D(100)) == D(pnl)


def test_notional_and_initial_margin() -> None:
    assert notional_usd(D(-2), D(50)) == 100
    assert initial_margin_usd(D(100), 8) == D("12.5")
    with pytest.raises(ValueError, match="at least 1"):
        initial_margin_usd(D(100), 0)
