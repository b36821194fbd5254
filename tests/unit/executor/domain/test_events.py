"""Events from what the exchange reports."""

from decimal import Decimal

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side
from executor.domain.account import AccountState, AccountView, Fill, Position
from executor.domain.account_standing import AccountStanding
from executor.domain.bracket import build_bracket
from executor.domain.events import account_updated, order_accepted, order_filled, order_rejected, system_alert
from executor.domain.intent import Intent, intent_from
from support.executor_process import approval

D = Decimal
POSITION = Position(
    symbol=Symbol.ETH,
    side=Side.LONG,
    size_coin=D("1.5"),
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
STANDING = AccountStanding("paper")


def entry(side: Side = Side.LONG) -> Intent:
    return intent_from(approval(1, Symbol.ETH, side, mark_price=D(2500), size_coin=D("1.5"), now_ms=1_000), 2_000)


def view(*, held_by: Intent) -> AccountView:
    state = AccountState(
        equity_usd=D(10_000),
        balance_usd=D(10_000),
        available_balance_usd=D(9_250),
        margin_used_usd=D(750),
        total_notional_usd=D(3_765),
        time_ms=1_500,
        positions=(POSITION,),
    )
    return AccountView(
        state=state,
        received_ms=2_500,
        open_orders=[],
        external_orders=[],
        orders={},
        entries={Symbol.ETH: held_by},
        unfinished=[held_by],
        covers=("before",),
    )


def test_a_position_was_opened_in_market_time() -> None:
    held_by = entry()
    assert (held_by.market_ms, held_by.created_ms) == (1_000, 2_000)
    data = account_updated("deepseek", "0x", view(held_by=held_by), None, STANDING).data
    assert (data.positions[0].opened_ms, data.positions[0].intent_id) == (1_000, held_by.intent_id)
    assert (data.open_intents, data.covers, data.received_ms) == ((held_by.intent_id,), ("before",), 2_500)


def test_an_entry_of_the_other_side_does_not_stand_behind_a_position() -> None:
    [position] = account_updated("deepseek", "0x", view(held_by=entry(Side.SHORT)), None, STANDING).data.positions
    assert (position.intent_id, position.opened_ms) == (None, None)


def test_a_repeat_of_an_order_is_the_same_event() -> None:
    intent = entry()
    role, spec = build_bracket(intent)[0]
    first = order_accepted(intent, role, spec, order_id=7, status="filled", now_ms=1)
    again = order_accepted(intent, role, spec, order_id=7, status="filled", now_ms=2)
    other = order_rejected(intent, role, spec.client_order_id, reason="no", now_ms=1)
    assert first.id == again.id != other.id
    assert (first.cause_id, first.cycle_id) == (intent.intent_id, "cycle-1")


def test_both_accounts_of_a_match_have_a_fill_of_their_own() -> None:
    fill = Fill(
        symbol=Symbol.ETH,
        price=D(2500),
        size_coin=D(1),
        side=OrderSide.BUY,
        time_ms=5,
        start_position_coin=D(0),
        direction="Open Long",
        closed_pnl_usd=D(0),
        order_id=1,
        crossed=True,
        fee_usd=D(1),
        trade_id=9,
        client_order_id=None,
        is_liquidation=False,
    )
    ids = {order_filled("qwen", address, fill, None, 10).id for address in ("0xa", "0xb")}
    assert len(ids) == 2
    assert order_filled("qwen", "0xa", fill, None, 10).data.role is OrderRole.UNKNOWN


def test_two_alerts_of_one_code_differ_by_their_key() -> None:
    def alert(key: str) -> str:
        code, severity = AlertCode.EXTERNAL_POSITION, AlertSeverity.CRITICAL
        return system_alert(code, severity, "text", model="qwen", key=key, now_ms=1).id

    assert alert("a") == alert("a") != alert("b")
