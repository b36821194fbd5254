"""What decisions would have earned, by hand."""

from decimal import Decimal

import pytest
from risk_examples import a_decision, a_position, an_account

from common.events import Action
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from replay.domain.cycle import Quote, QuotePath
from replay.domain.returns import Exposure, exposure_of, return_bps

D = Decimal
START = 100 * HOUR_MS - 30 * MINUTE_MS
RATE = D("0.0001")


def path(*mids: tuple[int, str], spread_bps: float = 2.0) -> QuotePath:
    """BTC's mids by minutes after START."""
    return QuotePath(
        {START + minutes * MINUTE_MS: {Symbol.BTC: Quote(D(mid), RATE, spread_bps)} for minutes, mid in mids}
    )


def test_an_entry_earns_the_move_less_fees_spread_and_funding() -> None:
    exposure = exposure_of(a_decision(leverage=5, position_size_percent=D(10)), an_account(), Limits())
    assert exposure == Exposure(Symbol.BTC, 1, 0.5, is_entry=True)
    quotes = path((0, "100"), (15, "101"), (60, "102"))
    assert return_bps(exposure, START, 15, quotes) == pytest.approx(0.5 * (100 - 9 - 2))
    # One full hour lies between: a long pays its rate of 1 bp.
    assert return_bps(exposure, START, 60, quotes) == pytest.approx(0.5 * (200 - 9 - 2 - 1))


def test_a_short_earns_the_fall_and_the_funding() -> None:
    exposure = exposure_of(a_decision(action=Action.SHORT), an_account(), Limits(position_size_basis="notional"))
    assert exposure == Exposure(Symbol.BTC, -1, 0.1, is_entry=True)
    found = return_bps(exposure, START, 60, path((0, "100"), (60, "99")))
    assert found == pytest.approx(0.1 * (100 - 9 - 2 + 1))


def test_a_close_earns_what_the_position_lost_afterwards_without_costs() -> None:
    held = a_position(Symbol.BTC, Side.LONG)
    exposure = exposure_of(a_decision(action=Action.CLOSE), an_account(held), Limits())
    assert exposure == Exposure(Symbol.BTC, -1, 0.1, is_entry=False)
    assert return_bps(exposure, START, 15, path((0, "100"), (15, "99"))) == pytest.approx(0.1 * 100)
    assert exposure_of(a_decision(action=Action.CLOSE), an_account(), Limits()) is None


def test_hold_and_no_decision_earn_nothing() -> None:
    assert exposure_of(a_decision(action=Action.HOLD, symbol=None), an_account(), Limits()) is None
    assert exposure_of(None, an_account(), Limits()) is None
    assert return_bps(None, START, 15, path()) == 0.0


def test_a_missed_cycle_is_bridged_once_and_a_gap_is_unknown() -> None:
    exposure = Exposure(Symbol.BTC, 1, 1.0, is_entry=True)
    assert return_bps(exposure, START, 15, path((0, "100"), (16, "101"))) == pytest.approx(100 - 11)
    assert return_bps(exposure, START, 15, path((0, "100"), (17, "101"))) is None
    assert return_bps(exposure, START, 15, path((15, "101"))) is None
