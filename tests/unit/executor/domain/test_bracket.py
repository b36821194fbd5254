"""Orders made of intents, protection read off what rests, the halt file and the request budget."""

from decimal import Decimal
from pathlib import Path

import pytest
from hyperliquid.utils.signing import float_to_wire
from hypothesis import given
from hypothesis import strategies as st

from common.events import AccountOrder, IntentKind, OrderRole
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import OrderSide, Side
from common.trading.symbols import SYMBOLS
from executor.domain.account import AccountState, Position
from executor.domain.bracket import build_bracket, build_close, build_triggers, slipped_price
from executor.domain.events import account
from executor.domain.intent import Intent, intent_from
from executor.domain.protection import is_protected, protective_orders
from executor.exchange.rate_limit import ROUTINE_RESERVE, RequestRateLimiter
from executor.storage.halts import HaltFiles
from support.executor_process import approval

D = Decimal


def stored(side: Side = Side.LONG, intent_kind: IntentKind = IntentKind.ENTRY) -> Intent:
    event = approval(1, Symbol.ETH, side, mark_price=D(2500), size_coin=D("1.5"), now_ms=1_000, intent_kind=intent_kind)
    return intent_from(event, 2_000)


def position(side: Side = Side.LONG, size: str = "1.5") -> Position:
    return Position(
        symbol=Symbol.ETH,
        side=side,
        size_coin=D(size),
        entry_price=D(2500),
        mark_price=D(2510),
        leverage=5,
        is_isolated=True,
        notional_usd=D(3765),
        unrealized_pnl_usd=D(0),
        margin_used_usd=D(750),
        liquidation_price=None,
        funding_since_open_usd=D(0),
        max_leverage=25,
    )


def resting(
    trigger: str,
    size: str,
    *,
    side: OrderSide = OrderSide.SELL,
    role: OrderRole = OrderRole.UNKNOWN,
    reduce_only: bool = True,
) -> AccountOrder:
    return AccountOrder(
        order_id=1,
        client_order_id=None,
        symbol=Symbol.ETH,
        role=role,
        side=side,
        size_coin=D(size),
        price=D(1),
        trigger_price=D(trigger),
        reduce_only=reduce_only,
    )


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


def test_triggers_placed_anew_have_ids_of_their_own() -> None:
    intent = stored()
    first = {spec.client_order_id for _, spec in build_triggers(intent, D(1))}
    assert first.isdisjoint({spec.client_order_id for _, spec in build_triggers(intent, D(1), attempt=7)})


def test_a_close_is_reduce_only_and_on_the_other_side() -> None:
    spec = build_close("i", Symbol.ETH, True, D(1), D(2500), 1)
    assert (spec.is_buy, spec.reduce_only, spec.price) == (False, True, D(2425))


@given(symbol=st.sampled_from(SYMBOLS), units=st.integers(1, 10**7), price=st.decimals("1", "200000", places=6))
def test_prices_and_sizes_reach_the_wire_unchanged(symbol: Symbol, units: int, price: Decimal) -> None:
    instrument = INSTRUMENTS[symbol]
    if symbol is Symbol.DOGE:
        price /= 20
    for number in (
        instrument.size_step_coin * units,
        instrument.round_price(price),
        slipped_price(symbol, price, True, D("0.1")),
    ):
        assert D(float_to_wire(float(number))) == number


def test_a_position_is_protected_when_stops_cover_it_whole() -> None:
    assert not is_protected(position(), [])
    assert not is_protected(position(), [resting("2375", "1.4")])
    assert is_protected(position(), [resting("2375", "1"), resting("2400", "0.5")])
    assert not is_protected(position(), [resting("2750", "1.5")])
    assert not is_protected(position(), [resting("2375", "1.5", reduce_only=False)])
    assert not is_protected(position(), [resting("2375", "1.5", side=OrderSide.BUY)])
    assert is_protected(position(Side.SHORT), [resting("2625", "1.5", side=OrderSide.BUY)])
    assert not is_protected(position(Side.SHORT), [resting("2375", "1.5", side=OrderSide.BUY)])


def test_a_whole_position_stop_of_size_zero_protects() -> None:
    assert is_protected(position(), [resting("2375", "0")])


def test_our_own_stop_stays_a_stop_when_the_mark_has_passed_it() -> None:
    stop, target = resting("2520", "1.5", role=OrderRole.STOP), resting("2505", "1.5", role=OrderRole.TARGET)
    assert protective_orders(position(), [stop, target], is_stop=True) == [stop]
    assert protective_orders(position(), [stop, target], is_stop=False) == [target]


def test_the_halt_file_halts_one_model_or_all(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path / "executor")
    halts.halt("qwen", "test")
    assert (halts.is_halted("qwen"), halts.is_halted("deepseek")) == (True, False)
    halts.halt(None, "test")
    halts.resume("qwen")
    assert halts.is_halted("qwen")
    halts.resume(None)
    assert not halts.is_halted("deepseek")
    (tmp_path / "executor" / "halt").touch()
    assert HaltFiles(tmp_path / "executor").is_halted("deepseek")


def test_routine_looks_wait_for_the_budget_and_orders_never_do() -> None:
    budget = RequestRateLimiter(120)
    assert budget.allows_routine(20, 0.0)
    budget.spend(100, 0.0)
    assert not budget.allows_routine(20, 0.0)
    budget.spend(40, 0.0)
    assert budget.left(0.0) == -20
    budget.spend(500, 0.0)
    assert budget.left(0.0) == -30
    assert not budget.allows_routine(20, 50.0)
    assert budget.allows_routine(20, (30 + 20 + ROUTINE_RESERVE) / 2)
    assert budget.left(10_000.0) == 120


def test_a_position_was_opened_in_market_time() -> None:
    entry = stored()
    assert (entry.market_ms, entry.created_ms) == (1_000, 2_000)
    state = AccountState(D(10_000), D(10_000), D(9_250), D(750), D(3_765), 1_500, (position(),))
    event = account("deepseek", "0x", state, [], {Symbol.ETH: entry}, (), (), None, 2_500)
    assert event.data.positions[0].opened_ms == 1_000
