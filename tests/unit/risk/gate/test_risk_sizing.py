"""Sizes, limit prices, stops and targets by hand."""

from decimal import Decimal

import pytest

from common.events import Action, IgnoreReason
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from risk.gate.sizing import (
    draft_entry,
    stop_trigger,
    target_notional_usd,
    target_trigger,
)
from support.risk_examples import a_decision

D = Decimal
LIMITS = Limits()
BTC = INSTRUMENTS[Symbol.BTC]


def test_a_long_is_sized_at_its_limit_price() -> None:
    order = draft_entry(
        LIMITS, a_decision(), Side.LONG, equity_usd=D(10_000), mark_price=D(100_000), mid_price=D(100_000)
    )
    assert order.limit_price == 100_500
    # 10 % of 10,000 at 5x is 5,000 of notional; 5,000 / 100,500 = 0.049751…
    assert order.size_coin == D("0.04975")
    assert order.notional_usd == D("0.04975") * 100_500
    assert order.margin_usd == order.notional_usd / 5
    assert (order.stop_loss_price, order.take_profit_price) == (95_000, 110_000)


def test_a_short_is_sized_at_the_mark_and_mirrors_its_triggers() -> None:
    decision = a_decision(action=Action.SHORT)
    order = draft_entry(LIMITS, decision, Side.SHORT, equity_usd=D(10_000), mark_price=D(100_000), mid_price=D(100_000))
    assert order.limit_price == 99_500
    assert order.size_coin == D("0.05")
    assert (order.stop_loss_price, order.take_profit_price) == (105_000, 90_000)


def test_a_mid_above_the_mark_makes_the_size_smaller() -> None:
    order = draft_entry(
        LIMITS, a_decision(), Side.SHORT, equity_usd=D(10_000), mark_price=D(100_000), mid_price=D(101_000)
    )
    assert order.size_coin == D("0.0495")


@pytest.mark.parametrize(("basis", "notional"), [("margin", 5_000), ("notional", 1_000)])
def test_the_basis_decides_what_the_percentage_is_of(basis: str, notional: int) -> None:
    limits = Limits.model_validate({"position_size_basis": basis})
    assert target_notional_usd(limits, a_decision(), D(10_000)) == notional


def test_no_equity_means_no_size() -> None:
    order = draft_entry(LIMITS, a_decision(), Side.LONG, equity_usd=D(-5), mark_price=D(100_000), mid_price=D(100_000))
    assert order.size_coin == 0


@pytest.mark.parametrize(
    ("side", "asked", "stop", "ignored"),
    [
        (Side.LONG, None, "95000", None),
        (Side.LONG, "97000.2", "97001", None),
        (Side.LONG, "95000", "95000", None),
        (Side.LONG, "94000", "95000", IgnoreReason.TOO_FAR),
        (Side.LONG, "100000", "95000", IgnoreReason.WRONG_SIDE),
        (Side.LONG, "101000", "95000", IgnoreReason.WRONG_SIDE),
        (Side.LONG, "99999.5", "95000", IgnoreReason.TOO_NEAR),
        (Side.LONG, "-3", "95000", IgnoreReason.TOO_FAR),
        (Side.SHORT, None, "105000", None),
        (Side.SHORT, "103000.7", "103000", None),
        (Side.SHORT, "106000", "105000", IgnoreReason.TOO_FAR),
        (Side.SHORT, "99000", "105000", IgnoreReason.WRONG_SIDE),
    ],
)
def test_the_models_stop_counts_when_nearer_and_on_the_right_side(
    side: Side, asked: str | None, stop: str, ignored: IgnoreReason | None
) -> None:
    wanted = None if asked is None else D(asked)
    assert stop_trigger(BTC, side, D(100_000), D(5), wanted) == (D(stop), ignored)


@pytest.mark.parametrize(
    ("side", "asked", "target", "ignored"),
    [
        (Side.LONG, None, "110000", None),
        (Side.LONG, "104000.7", "104000", None),
        (Side.LONG, "120000", "110000", IgnoreReason.TOO_FAR),
        (Side.LONG, "99000", "110000", IgnoreReason.WRONG_SIDE),
        (Side.SHORT, None, "90000", None),
        (Side.SHORT, "93000.2", "93001", None),
        (Side.SHORT, "80000", "90000", IgnoreReason.TOO_FAR),
        (Side.SHORT, "100000.5", "90000", IgnoreReason.WRONG_SIDE),
    ],
)
def test_the_models_target_counts_when_nearer_and_on_the_right_side(
    side: Side, asked: str | None, target: str, ignored: IgnoreReason | None
) -> None:
    wanted = None if asked is None else D(asked)
    assert target_trigger(BTC, side, D(100_000), D(10), wanted) == (D(target), ignored)


def test_triggers_are_rounded_towards_the_mark() -> None:
    doge = INSTRUMENTS[Symbol.DOGE]
    mark = D("0.21337")
    assert stop_trigger(doge, Side.LONG, mark, D(5), None).price == D("0.20271")
    assert stop_trigger(doge, Side.SHORT, mark, D(5), None).price == D("0.22403")
    assert target_trigger(doge, Side.LONG, mark, D(10), None).price == D("0.23470")
    assert target_trigger(doge, Side.SHORT, mark, D(10), None).price == D("0.19204")
