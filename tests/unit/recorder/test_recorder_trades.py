"""Trades are folded from fills: the same fills give the same trades, in whatever order they came."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.trades import FillRow, IntentRow, Trade, fold

ZERO = Decimal(0)
ENTRY = IntentRow("decision", "entry", 5, Decimal(95), Decimal(110))


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
        "role": "entry",
        "is_liquidation": False,
        "intent_id": "i1",
        "cycle_id": "c1",
    }
    return FillRow(**{**given_, **more})  # type: ignore[arg-type]


def test_a_round_trip_is_one_closed_trade_net_of_fees_and_funding() -> None:
    fills = [
        fill(1, "2", "100", "0"),
        fill(2, "-2", "103", "2", role="exit", closed_pnl=Decimal(6)),
    ]
    [trade] = fold(fills, {"i1": ENTRY})
    assert (trade.status, trade.side, trade.close_reason) == ("CLOSED", "LONG", "decision")
    assert (trade.entry_price, trade.exit_price) == (Decimal(100), Decimal(103))
    assert trade.pnl(Decimal("0.3")) == Decimal("5.5")
    assert trade.pnl_percent(Decimal("0.3"), 5) == Decimal("5.5") / 40 * 100
    assert trade.pnl_percent(ZERO, None) is None


@pytest.mark.parametrize(
    ("intent_kind", "reason"), [("exit", "decision"), ("flatten", "flatten"), ("invalidation",) * 2]
)
def test_an_exits_leg_says_why_the_trade_was_closed(intent_kind: str, reason: str) -> None:
    fills = [fill(1, "2", "100", "0"), fill(2, "-2", "103", "2", role="exit", intent_id="i2")]
    [trade] = fold(fills, {"i1": ENTRY, "i2": replace(ENTRY, intent_kind=intent_kind)})
    assert trade.close_reason == reason


@given(st.permutations([100, 500, 900]))
def test_fills_of_one_millisecond_follow_the_position_whatever_their_ids(ids: list[int]) -> None:
    parts = [
        replace(fill(2, "-1", "109", str(3 - number), role="exit", closed_pnl=Decimal(9)), trade_id=tid, id=f"f{tid}")
        for number, tid in enumerate(ids)
    ]
    [trade] = fold([fill(1, "3", "100", "0"), *parts], {})
    assert (trade.status, trade.exit_size, trade.gross_pnl) == ("CLOSED", Decimal(3), Decimal(27))
    assert trade.fees == Decimal("0.4")


def test_an_open_trade_has_no_pnl_yet_and_averages_its_entries() -> None:
    [trade] = fold([fill(1, "1", "100", "0"), fill(2, "3", "104", "1")], {})
    assert (trade.status, trade.pnl(ZERO), trade.exit_price) == ("OPEN", None, None)
    assert trade.entry_price == Decimal(103)


def test_an_exit_in_parts_closes_only_with_the_last_one() -> None:
    parts = [
        fill(1, "-4", "100", "0"),
        fill(2, "1", "99", "-4", role="stop", closed_pnl=Decimal(1)),
        fill(3, "3", "98", "-3", role="stop", closed_pnl=Decimal(6)),
    ]
    assert fold(parts[:2], {})[0].status == "OPEN"
    [trade] = fold(parts, {})
    assert (trade.side, trade.status, trade.close_reason, trade.closed_ms) == ("SHORT", "CLOSED", "stop_loss", 3)
    assert trade.gross_pnl == Decimal(7)
    assert trade.exit_price == Decimal("98.25")


def test_a_turn_closes_one_trade_and_opens_the_next_with_its_share_of_the_fee() -> None:
    fills = [fill(1, "2", "100", "0"), fill(2, "-5", "101", "2", fee=Decimal("0.5"), closed_pnl=Decimal(2))]
    first, second = fold(fills, {})
    assert (first.status, first.fees) == ("CLOSED", Decimal("0.3"))
    assert (second.side, second.entry_size, second.fees, second.gross_pnl) == (
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
def test_how_a_trade_ended(role: str, intent_kind: str, is_liquidation: bool, reason: str, status: str) -> None:
    last = fill(2, "-1", "90", "1", role=role, is_liquidation=is_liquidation, intent_id="i2")
    intents = {"i1": ENTRY, "i2": IntentRow("d2", intent_kind, None, None, None)}
    [trade] = fold([fill(1, "1", "100", "0"), last], intents)
    assert (trade.close_reason, trade.status) == (reason, status)


def test_the_order_of_arrival_does_not_matter() -> None:
    fills = [
        fill(1, "1", "100", "0"),
        fill(2, "-1", "101", "1", role="exit", closed_pnl=Decimal(1)),
        fill(3, "-2", "102", "0"),
    ]
    expected = fold(fills, {})
    assert len(expected) == 2
    assert all(fold(order, {}) == expected for order in permutations(fills))


def test_a_close_without_its_opening_makes_no_trade() -> None:
    assert fold([fill(1, "-1", "100", "1", role="stop", closed_pnl=Decimal(1))], {}) == []


@given(st.lists(st.integers(-5, 5).filter(bool), min_size=1, max_size=20))
def test_sizes_and_fees_are_conserved(changes: list[int]) -> None:
    position, fills = 0, []
    for number, change in enumerate(changes, start=1):
        fills.append(fill(number, str(change), "100", str(position)))
        position += change
    trades = fold(fills, {})
    assert sum(trade.fees for trade in trades) == sum(row.fee for row in fills)
    assert sum(_signed(trade) for trade in trades) == position
    assert sum(1 for trade in trades if trade.status == "OPEN") == (1 if position else 0)


def _signed(trade: Trade) -> Decimal:
    held = trade.entry_size - trade.exit_size
    return held if trade.side == "LONG" else -held
