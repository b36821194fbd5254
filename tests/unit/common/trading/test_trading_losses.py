"""What an entry and a position may lose to their stops, by hand."""

from decimal import Decimal

import pytest

from common.trading.limits import Limits
from common.trading.losses import loss_at_stop_usd, loss_fraction_at_stop, loss_of_position_usd
from common.trading.orders import Side

D = Decimal
LIMITS = Limits()


def test_the_loss_at_the_stop_holds_both_fees_and_the_slippage() -> None:
    # 0.05 coin from 100,500 to 95,000: 275; fees 0.045 % of 5,025 and of 4,750; slippage 1 % of 4,750.
    loss = loss_at_stop_usd(LIMITS, Side.LONG, size_coin=D("0.05"), limit_price=D(100_500), stop_loss_price=D(95_000))
    assert loss == D(275) + D("2.26125") + D("2.1375") + D("47.5")


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        # Of 100 USD at 100.5: 5.5 / 1.005, the fee of 100, and 1.045 % of 95 / 1.005.
        (Side.LONG, D("5.4726") + D("0.045") + D("0.9878")),
        # Of 100 USD at 100: from 99.5 to 105, the fee of 99.5, and 1.045 % of 105.
        (Side.SHORT, D("5.5") + D("0.0448") + D("1.0973")),
    ],
)
def test_the_loss_of_a_notional_at_a_stop_five_percent_away(side: Side, expected: Decimal) -> None:
    assert loss_fraction_at_stop(LIMITS, side, D("0.05")) * 100 == pytest.approx(expected, abs=D("0.0002"))


@pytest.mark.parametrize(("mark", "expected"), [(4_000, D(50) + D("9.9275")), (3_700, D("9.9275"))])
def test_an_open_positions_loss_is_measured_from_the_mark(mark: int, expected: Decimal) -> None:
    """0.25 coin from the mark to 3,800, then 1.045 % of 950; a mark beyond the stop leaves only the cost of leaving."""
    loss = loss_of_position_usd(
        LIMITS, Side.LONG, size_coin=D("0.25"), mark_price=D(mark), stop_loss_price=D(3_800), margin_used_usd=D(200)
    )
    assert loss == expected


def test_a_position_without_a_confirmed_stop_may_lose_its_margin() -> None:
    loss = loss_of_position_usd(
        LIMITS, Side.SHORT, size_coin=D("0.25"), mark_price=D(4_000), stop_loss_price=None, margin_used_usd=D(200)
    )
    assert loss == D(200) + D("10.45")
