"""Fills as notices, and what they say."""

from decimal import Decimal

import pytest

from common.events import OrderFilled
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide
from notifier.domain.notices import NoticeKind
from notifier.domain.trades import trade_notice

D = Decimal


def fill(role: OrderRole, *, is_liquidation: bool = False) -> OrderFilled:
    return OrderFilled(
        model="qwen",
        intent_id="i",
        client_order_id="0x1",
        order_id=7,
        trade_id=1,
        symbol=Symbol.BTC,
        role=role,
        side=OrderSide.SELL,
        price=D(100_000),
        size_coin=D("0.01"),
        fee_usd=D("0.45"),
        closed_pnl_usd=D(-50),
        start_position_coin=D("0.01"),
        direction="Close Long",
        crossed=True,
        is_liquidation=is_liquidation,
    )


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (OrderRole.ENTRY, NoticeKind.ENTRIES),
        (OrderRole.EXIT, NoticeKind.EXITS),
        (OrderRole.TARGET, NoticeKind.EXITS),
        (OrderRole.FLATTEN, NoticeKind.EXITS),
        (OrderRole.STOP, NoticeKind.STOPS),
    ],
)
def test_the_order_s_role_says_what_it_is_sent_as(role: OrderRole, kind: NoticeKind) -> None:
    notice = trade_notice(fill(role))
    assert notice is not None
    assert notice.kind is kind


def test_of_other_people_s_orders_only_liquidations_are_sent() -> None:
    assert trade_notice(fill(OrderRole.UNKNOWN)) is None
    notice = trade_notice(fill(OrderRole.UNKNOWN, is_liquidation=True))
    assert notice is not None
    assert notice.is_liquidation


def test_fills_of_one_order_add_up() -> None:
    notice = trade_notice(fill(OrderRole.EXIT))
    assert notice is not None
    joined = notice.joined(notice)
    assert (joined.size_coin, joined.fee_usd, joined.closed_pnl_usd) == (D("0.02"), D("0.90"), D(-100))
    assert joined.average_price == D(100_000)
