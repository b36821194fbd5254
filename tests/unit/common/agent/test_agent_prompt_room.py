"""What the prompt calls the room for an entry, by hand; the property test holds it against the gate."""

from decimal import Decimal

import pytest

from common.agent.prompt.memory import GateFigures, Memory, ReservedEntry
from common.agent.prompt.room import loss_budget_usd, room_of
from common.events import AccountOrder, AccountPosition, AccountUpdated
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import OrderRole, OrderSide, Side
from support.risk_examples import NOW_MS, a_position, an_account

D = Decimal
TODAY = NOW_MS // DAY_MS
LIMITS = Limits()
BEGUN = Memory(day=TODAY, day_start_usd=D(10_000))
HELD = {"symbol": Symbol.SOL, "size_coin": D(10), "mark_price": D(100), "stop_loss_price": D(95)}


def account(equity: int, *positions: AccountPosition) -> AccountUpdated:
    return an_account(*positions, equity_usd=D(equity), state_ms=NOW_MS)


def position(*, is_protected: bool = True) -> AccountPosition:
    return a_position(**HELD, margin_used_usd=D(200), protected=is_protected)


@pytest.mark.parametrize(
    ("equity", "positions", "expected"),
    [
        (10_000, (), "1000"),
        (9_200, (), "200"),
        (8_900, (), "0"),
        (10_000, (position(),), str(1000 - 50 - 950 * D("0.01045"))),
        (10_000, (position(is_protected=False),), str(1000 - 200 - 1000 * D("0.01045"))),
    ],
)
def test_todays_loss_and_the_stops_losses_reduce_the_budget(
    equity: int, positions: tuple[AccountPosition, ...], expected: str
) -> None:
    assert loss_budget_usd(account(equity, *positions), BEGUN, LIMITS) == D(expected)


def test_what_an_approved_entry_may_lose_reduces_the_budget() -> None:
    entry = ReservedEntry(symbol=Symbol.BTC, side=Side.LONG, notional_usd=D(1_000), margin_usd=D(201), loss_usd=D(66))
    memory = Memory(day=TODAY, day_start_usd=D(10_000), gate=GateFigures(reserved=(entry,)))
    assert loss_budget_usd(account(10_000), memory, LIMITS) == 934
    room = room_of(account(10_000), memory, LIMITS, tuple(Symbol), NOW_MS)
    assert (room.margin_usd, room.exposure_usd) == (9_799, 99_000)
    assert room.coins_denied_by == {Symbol.BTC: "POSITION_HELD"}


@pytest.mark.parametrize("memory", [Memory(), Memory(day=TODAY - 1, day_start_usd=D(10_000))])
def test_nothing_may_be_entered_until_risk_publishes_the_days_start(memory: Memory) -> None:
    assert loss_budget_usd(account(9_200), memory, LIMITS) is None
    room = room_of(account(9_200), memory, LIMITS, tuple(Symbol), NOW_MS)
    assert room.denied_by == ("DAILY_LOSS", "LOSS_BUDGET")
    assert room.largest_size_percent(LIMITS, Side.LONG, 5, D(5)) == 0


def test_the_largest_size_keeps_to_the_nearest_of_its_limits() -> None:
    """1,000 USD of budget at 6.5054 % of a long's notional are 15,371 USD: 30.7 % of equity as margin at 5x."""
    room = room_of(account(10_000), BEGUN, LIMITS, tuple(Symbol), NOW_MS)
    assert int(room.largest_notional_usd(LIMITS, Side.LONG, D(5))) == 15_371
    wide = Limits(max_position_size_percent=D(100))
    assert room.largest_size_percent(wide, Side.LONG, 5, D(5)) == D("30.7")
    assert room.largest_size_percent(LIMITS, Side.LONG, 5, D(5)) == 20
    by_notional = Limits(max_position_size_percent=D(100), position_size_basis="notional", max_notional_usd=D(7_000))
    assert room.largest_size_percent(by_notional, Side.LONG, 5, D(5)) == 70


def test_an_old_order_and_a_forbidden_coin_deny_an_entry_on_their_coin() -> None:
    order = AccountOrder(
        order_id=1,
        client_order_id=None,
        symbol=Symbol.XRP,
        role=OrderRole.STOP,
        side=OrderSide.SELL,
        size_coin=D(1),
        price=D(1),
        trigger_price=D(1),
        reduce_only=True,
    )
    state = account(10_000).model_copy(update={"open_orders": (order,)})
    memory = Memory(day=TODAY, day_start_usd=D(10_000), gate=GateFigures(cooldowns={Symbol.ETH: NOW_MS + 1}))
    room = room_of(state, memory, LIMITS, (Symbol.XRP, Symbol.ETH, Symbol.BTC), NOW_MS)
    assert room.coins_denied_by == {Symbol.XRP: "POSITION_HELD", Symbol.ETH: "COOLDOWN"}
