"""Orders that an intent becomes."""

from decimal import Decimal

import pytest
from hyperliquid.utils.signing import float_to_wire
from hypothesis import given
from hypothesis import strategies as st

from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import IntentKind, OrderRole, Side
from executor.domain.bracket import build_bracket, build_close, build_triggers, slipped_price
from executor.domain.intent import Intent, intent_from
from support.executor_process import approval

D = Decimal


def stored(side: Side = Side.LONG, intent_kind: IntentKind = IntentKind.ENTRY) -> Intent:
    event = approval(1, Symbol.ETH, side, mark_price=D(2500), size_coin=D("1.5"), now_ms=1_000, intent_kind=intent_kind)
    return intent_from(event, 2_000)


@pytest.mark.parametrize(("side", "stop", "target"), [(Side.LONG, 2375, 2750), (Side.SHORT, 2625, 2250)])
def test_an_entry_goes_out_with_its_stop_and_target(side: Side, stop: int, target: int) -> None:
    (first, entry), (second, low), (third, high) = build_bracket(stored(side))
    assert (first, second, third) == (OrderRole.ENTRY, OrderRole.STOP, OrderRole.TARGET)
    assert entry.is_buy is (side is Side.LONG)
    assert not entry.reduce_only
    assert (low.trigger_price, high.trigger_price) == (D(stop), D(target))
    assert (low.kind, high.kind) == ("sl", "tp")
    assert all(child.reduce_only and child.is_buy is not entry.is_buy for child in (low, high))
    assert all(child.size_coin == entry.size_coin for child in (low, high))
    worse = [child.price < (child.trigger_price or 0) for child in (low, high)]
    assert worse == [side is Side.LONG] * 2


def test_an_exit_goes_alone_and_reduces_only() -> None:
    [(role, spec)] = build_bracket(stored(intent_kind=IntentKind.EXIT))
    assert role is OrderRole.EXIT
    assert spec.reduce_only
    assert not spec.is_buy


def test_replacement_triggers_have_ids_of_their_own() -> None:
    intent = stored()
    first = {spec.client_order_id for _, spec in build_triggers(intent, D(1))}
    assert first.isdisjoint({spec.client_order_id for _, spec in build_triggers(intent, D(1), attempt=7)})


def test_a_close_is_reduce_only_and_on_the_other_side() -> None:
    spec = build_close("i", Symbol.ETH, is_long=True, size_coin=D(1), mark_price=D(2500), attempt=1)
    assert (spec.is_buy, spec.reduce_only, spec.price) == (False, True, D(2425))


@given(symbol=st.sampled_from(Symbol), units=st.integers(1, 10**7), price=st.decimals("1", "200000", places=6))
def test_prices_and_sizes_reach_the_wire_unchanged(symbol: Symbol, units: int, price: Decimal) -> None:
    instrument = INSTRUMENTS[symbol]
    if symbol is Symbol.DOGE:
        price /= 20
    for number in (
        instrument.size_step_coin * units,
        instrument.round_price(price),
        slipped_price(symbol, price, is_buy=True, fraction=D("0.1")),
    ):
        assert D(float_to_wire(float(number))) == number
