"""Trades are built from fills: the same fills give the same trades, in any order of arrival."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.trading.orders import IntentKind, OrderRole
from recorder.domain.trades import FillRow, IntentRow, Trade, build_trades

ZERO = Decimal(0)
ENTRY = IntentRow(
    decision_id="decision",
    intent_kind=IntentKind.ENTRY,
    leverage=5,
    stop_loss=Decimal(95),
    take_profit=Decimal(110),
    confidence=Decimal(72),
    reasoning="because",
)


def fill(number: int, signed: str, price: str, start: str, **more: object) -> FillRow:
    given_: dict[str, object] = {
        "id": f"fill{number}",
        "time_ms": number,
        "trade_id": number,
        "signed_size": Decimal(signed),
        "price": Decimal(price),
        "fee": Decimal("0.1"),
        "closed_pnl": ZERO,
        "start_position": Decimal(start),
        "role": OrderRole.ENTRY,
        "is_liquidation": False,
        "intent_id": "i1",
        "cycle_id": "c1",
    }
    return FillRow(**{**given_, **more})  # type: ignore[arg-type]


def test_a_round_trip_is_one_closed_trade_net_of_fees_and_funding() -> None:
    fills = [
        fill(1, "2", "100", "0"),
        fill(2, "-2", "103", "2", role=OrderRole.EXIT, closed_pnl=Decimal(6)),
    ]
    [trade] = build_trades(fills, {"i1": ENTRY})
    assert (trade.status, trade.side, trade.close_reason) == ("CLOSED", "LONG", "decision")
    assert (trade.entry_price, trade.exit_price) == (Decimal(100), Decimal(103))
    assert trade.pnl(Decimal("0.3")) == Decimal("5.5")
    assert trade.pnl_percent(Decimal("0.3"), 5) == Decimal("5.5") / 40 * 100
    assert trade.pnl_percent(ZERO, None) is None


@pytest.mark.parametrize(
    ("intent_kind", "reason"),
    [
        (IntentKind.EXIT, "decision"),
        (IntentKind.FLATTEN, "flatten"),
        (IntentKind.INVALIDATION, "invalidation"),
    ],
)
def test_an_exits_intent_kind_is_the_trades_close_reason(intent_kind: IntentKind, reason: str) -> None:
    fills = [fill(1, "2", "100", "0"), fill(2, "-2", "103", "2", role=OrderRole.EXIT, intent_id="i2")]
    [trade] = build_trades(fills, {"i1": ENTRY, "i2": replace(ENTRY, intent_kind=intent_kind)})
    assert trade.close_reason == reason


@given(st.permutations([100, 500, 900]))
def test_fills_of_one_millisecond_follow_the_position_not_their_ids(ids: list[int]) -> None:
    parts = [
        replace(
            fill(2, "-1", "109", str(3 - number), role=OrderRole.EXIT, closed_pnl=Decimal(9)),
            trade_id=tid,
            id=f"f{tid}",
        )
        for number, tid in enumerate(ids)
    ]
    [trade] = build_trades([fill(1, "3", "100", "0"), *parts], {})
    assert (trade.status, trade.exit_size, trade.closed_pnl) == ("CLOSED", Decimal(3), Decimal(27))
    assert trade.fees == Decimal("0.4")


def test_an_open_trade_has_no_pnl_and_averages_its_entries() -> None:
    [trade] = build_trades([fill(1, "1", "100", "0"), fill(2, "3", "104", "1")], {})
    assert (trade.status, trade.pnl(ZERO), trade.exit_price) == ("OPEN", None, None)
    assert trade.entry_price == Decimal(103)


def test_an_exit_in_parts_closes_only_with_the_last_one() -> None:
    parts = [
        fill(1, "-4", "100", "0"),
        fill(2, "1", "99", "-4", role=OrderRole.STOP, closed_pnl=Decimal(1)),
        fill(3, "3", "98", "-3", role=OrderRole.STOP, closed_pnl=Decimal(6)),
    ]
    assert build_trades(parts[:2], {})[0].status == "OPEN"
    [trade] = build_trades(parts, {})
    assert (trade.side, trade.status, trade.close_reason, trade.closed_ms) == ("SHORT", "CLOSED", "stop_loss", 3)
    assert trade.closed_pnl == Decimal(7)
    assert trade.exit_price == Decimal("98.25")


def test_a_reversal_splits_its_fee_between_two_trades() -> None:
    fills = [fill(1, "2", "100", "0"), fill(2, "-5", "101", "2", fee=Decimal("0.5"), closed_pnl=Decimal(2))]
    first, second = build_trades(fills, {})
    assert (first.status, first.fees) == ("CLOSED", Decimal("0.3"))
    assert (second.side, second.entry_size, second.fees, second.closed_pnl) == (
        "SHORT",
        Decimal(3),
        Decimal("0.3"),
        ZERO,
    )
    assert second.id != first.id


@pytest.mark.parametrize(
    ("role", "intent_kind", "is_liquidation", "reason", "status"),
    [
        ("exit", "exit", False, "decision", "CLOSED"),
        ("exit", "invalidation", False, "invalidation", "CLOSED"),
        ("stop", "entry", False, "stop_loss", "CLOSED"),
        ("target", "entry", False, "take_profit", "CLOSED"),
        ("flatten", "entry", False, "flatten", "CLOSED"),
        ("unknown", "entry", False, "external", "CLOSED"),
        ("unknown", "entry", True, "liquidation", "LIQUIDATED"),
    ],
)
def test_a_closing_fill_gives_the_close_reason(
    role: str, intent_kind: str, is_liquidation: bool, reason: str, status: str
) -> None:
    last = fill(2, "-1", "90", "1", role=OrderRole(role), is_liquidation=is_liquidation, intent_id="i2")
    intents = {"i1": ENTRY, "i2": replace(ENTRY, decision_id="d2", intent_kind=IntentKind(intent_kind))}
    [trade] = build_trades([fill(1, "1", "100", "0"), last], intents)
    assert (trade.close_reason, trade.status) == (reason, status)


def test_a_trade_ends_in_the_cycle_of_the_order_that_closed_it() -> None:
    fills = [
        replace(fill(1, "2", "100", "0"), cycle_id="c1"),
        replace(fill(2, "-1", "101", "2", role=OrderRole.EXIT), cycle_id="c2"),
        replace(fill(3, "-1", "102", "1", role=OrderRole.EXIT), cycle_id="c3"),
        replace(fill(4, "-2", "100", "0"), cycle_id="c4"),
        fill(5, "2", "99", "-2", role=OrderRole.UNKNOWN, cycle_id=None),
    ]
    first, second = build_trades(fills, {})
    assert (first.cycle_id, first.exit_cycle_id) == ("c1", "c3")
    assert (second.cycle_id, second.exit_cycle_id) == ("c4", None)
    assert build_trades(fills[:2], {})[0].exit_cycle_id is None


def test_the_order_of_arrival_does_not_matter() -> None:
    fills = [
        fill(1, "1", "100", "0"),
        fill(2, "-1", "101", "1", role=OrderRole.EXIT, closed_pnl=Decimal(1)),
        fill(3, "-2", "102", "0"),
    ]
    expected = build_trades(fills, {})
    assert len(expected) == 2
    assert all(build_trades(order, {}) == expected for order in permutations(fills))


def test_a_close_without_its_opening_makes_no_trade() -> None:
    assert build_trades([fill(1, "-1", "100", "1", role=OrderRole.STOP, closed_pnl=Decimal(1))], {}) == []


@given(st.lists(st.integers(-5, 5).filter(bool), min_size=1, max_size=20))
def test_sizes_and_fees_are_conserved(changes: list[int]) -> None:
    position, fills = 0, []
    for number, change in enumerate(changes, start=1):
        fills.append(fill(number, str(change), "100", str(position)))
        position += change
    trades = build_trades(fills, {})
    assert sum(trade.fees for trade in trades) == sum(row.fee for row in fills)
    assert sum(_signed(trade) for trade in trades) == position
    assert sum(1 for trade in trades if trade.status == "OPEN") == (1 if position else 0)


def _signed(trade: Trade) -> Decimal:
    held = trade.entry_size - trade.exit_size
    return held if trade.side == "LONG" else -held
