"""The gate rule by rule: what each lets through, what it stops, and that the first failing one names the denial."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from common.events import AccountOrder, Action, IntentKind, OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from risk.codes import Code
from risk.gate import intent_of, judge
from risk.gate_input import GateInput, Reservation, Snapshot
from risk.halts import EVERYONE, Halt, Reason
from risk.rules.table import RULES
from risk.testing import MARKS, NOW_MS, a_decision, a_market, a_position, an_account, healthy_input

D = Decimal


def failing(given: GateInput) -> list[str]:
    return [result.code for result in judge(given).rules if not result.passed]


def order_on(symbol: Symbol) -> AccountOrder:
    return AccountOrder(
        order_id=1,
        client_order_id=None,
        symbol=symbol,
        role=OrderRole.STOP,
        side=OrderSide.SELL,
        size_coin=D(1),
        price=D(1),
        trigger_price=D(1),
        reduce_only=True,
    )


def reserved(
    symbol: Symbol, side: Side = Side.LONG, intent_kind: IntentKind = IntentKind.ENTRY, **amounts: Decimal
) -> Reservation:
    return Reservation(f"r-{symbol}", symbol, side, intent_kind, **amounts)


def test_a_healthy_decision_passes_every_rule() -> None:
    verdict = judge(healthy_input())
    assert verdict.code is None
    assert [result.code for result in verdict.rules] == [rule.code for rule in RULES if rule.for_entries]
    assert failing(healthy_input()) == []


def test_the_rules_stand_in_the_order_of_their_codes() -> None:
    assert [rule.code for rule in RULES] == list(Code)


HELD_THREE = an_account(a_position(Symbol.ETH), a_position(Symbol.SOL), a_position(Symbol.XRP))

DENIALS: list[tuple[Code, dict[str, Any]]] = [
    (Code.STATE_HALTED, {"halts": (Halt("deepseek", Reason.DRAWDOWN, 0),)}),
    (Code.STATE_HALTED, {"halts": (Halt(EVERYONE, Reason.PERSON, 0),)}),
    (Code.STATE_REDUCING, {"halts": (Halt("deepseek", Reason.DAILY_LOSS, 0, NOW_MS + 1),)}),
    (Code.STALE_MARK, {"market": a_market(mark_received_ms=NOW_MS - 5_001)}),
    (Code.STALE_MARK, {"market": None}),
    (Code.STALE_MARK, {"market": a_market(mark_received_ms=NOW_MS + 60_000)}),
    (Code.STALE_BOOK, {"market": a_market(book_received_ms=NOW_MS - 5_001)}),
    (Code.STALE_ACCOUNT, {"account": an_account(received_ms=NOW_MS - 15_001)}),
    (Code.STALE_ACCOUNT, {"account": None}),
    (Code.STALE_DECISION, {"answered_ms": NOW_MS - 30_001}),
    (Code.STALE_DECISION, {"answered_ms": None}),
    (Code.STALE_DECISION, {"snapshot": Snapshot(NOW_MS - 90_001, MARKS[Symbol.BTC])}),
    (Code.STALE_DECISION, {"snapshot": Snapshot(NOW_MS - 1, D(98_900))}),
    (Code.STALE_DECISION, {"snapshot": Snapshot(None, None)}),
    (Code.CLOCK_SKEW, {"market": a_market(time_ms=NOW_MS - 2_051)}),
    (Code.SYMBOL_UNKNOWN, {"limits": {"allowed_symbols": "ETH,SOL"}}),
    (Code.SYMBOL_UNKNOWN, {"decision": a_decision(symbol=None)}),
    (Code.ACTION_INVALID, {"decision": a_decision(leverage=0)}),
    (Code.ACTION_INVALID, {"decision": a_decision(position_size_percent=D(0))}),
    (Code.ACTION_INVALID, {"decision": a_decision(position_size_percent=D(101))}),
    (Code.ACTION_INVALID, {"decision": a_decision(confidence=D(101))}),
    (Code.ACTION_INVALID, {"decision": a_decision(stop_loss=D(0))}),
    (Code.ACTION_INVALID, {"decision": a_decision(action=Action.HOLD)}),
    (Code.POSITION_HELD, {"account": an_account(a_position(Symbol.BTC))}),
    (Code.POSITION_HELD, {"reservations": (reserved(Symbol.BTC),)}),
    (Code.POSITION_HELD, {"account": an_account(open_orders=(order_on(Symbol.BTC),))}),
    (Code.FLIP_WITHOUT_CLOSE, {"account": an_account(a_position(Symbol.BTC, Side.SHORT))}),
    (Code.FLIP_WITHOUT_CLOSE, {"reservations": (reserved(Symbol.BTC, Side.SHORT),)}),
    (Code.SIZE_PERCENT, {"decision": a_decision(position_size_percent=D("20.1"), leverage=1)}),
    (Code.LEVERAGE, {"decision": a_decision(leverage=21, position_size_percent=D(1), stop_loss=D(99_000))}),
    (Code.LEVERAGE, {"decision": a_decision(symbol=Symbol.DOGE, leverage=11, position_size_percent=D(1))}),
    (Code.LIQUIDATION_DISTANCE, {"decision": a_decision(leverage=12, position_size_percent=D(1))}),
    (Code.OPEN_POSITIONS, {"account": HELD_THREE}),
    (
        Code.OPEN_POSITIONS,
        {
            "account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL)),
            "reservations": (reserved(Symbol.XRP),),
        },
    ),
    (Code.CONFIDENCE, {"decision": a_decision(confidence=D("59.9"))}),
    (Code.DAILY_TRADES, {"entries_today": 50}),
    (Code.DAILY_LOSS, {"account": an_account(equity_usd=D(9_000))}),
    (Code.DAILY_LOSS, {"day_start_equity_usd": None}),
    (Code.LOSS_BUDGET, {"decision": a_decision(leverage=10, position_size_percent=D(16))}),
    (Code.LOSS_BUDGET, {"reservations": (reserved(Symbol.ETH, loss_usd=D(900)),)}),
    (Code.GROSS_EXPOSURE, {"reservations": (reserved(Symbol.ETH, notional_usd=D(95_001)),)}),
    (Code.DRAWDOWN, {"high_water_usd": D(16_667)}),
    (Code.DRAWDOWN, {"high_water_usd": None}),
    (Code.MIN_NOTIONAL, {"decision": a_decision(leverage=1, position_size_percent=D("0.1"))}),
    (Code.MAX_NOTIONAL_USD, {"limits": {"max_notional_usd": D(4_900)}}),
    (Code.INSUFFICIENT_MARGIN, {"account": an_account(withdrawable_usd=D(1_004))}),
    (Code.INSUFFICIENT_MARGIN, {"reservations": (reserved(Symbol.ETH, margin_usd=D(8_996)),)}),
    (Code.PRICE_COLLAR, {"market": a_market(mid_price=D(101_001))}),
    (Code.COOLDOWN, {"last_entry_ms": NOW_MS - 59_999}),
    (Code.RATE, {"orders_last_minute": 5}),
    (Code.DUPLICATE, {"seen_before": True}),
]


@pytest.mark.parametrize(("code", "changes"), DENIALS, ids=[f"{code}-{i}" for i, (code, _) in enumerate(DENIALS)])
def test_a_rule_stops_what_it_is_there_for(code: Code, changes: dict[str, Any]) -> None:
    assert judge(healthy_input(**changes)).code == code


def test_every_rule_for_entries_has_a_case_here() -> None:
    assert {code for code, _ in DENIALS} == {rule.code for rule in RULES if rule.for_entries}


PASSES: list[tuple[str, dict[str, Any]]] = [
    ("age at the limit", {"market": a_market(mark_received_ms=NOW_MS - 5_000, book_received_ms=NOW_MS - 5_000)}),
    ("account age at the limit", {"account": an_account(received_ms=NOW_MS - 15_000)}),
    ("drift at the limit", {"snapshot": Snapshot(NOW_MS - 90_000, D("99009.91"))}),
    ("skewed clock at another speed", {"limits": {"market_speed": D(60)}, "market": a_market(time_ms=5)}),
    ("confidence at the limit", {"decision": a_decision(confidence=D(60))}),
    ("size at the limit", {"decision": a_decision(position_size_percent=D(20), leverage=1)}),
    ("the 50th trade", {"entries_today": 49}),
    ("two held", {"account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL))}),
    ("an exit under way takes no slot", {"account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL)),
     "reservations": (reserved(Symbol.ETH, intent_kind=IntentKind.EXIT),)}),
    ("loss just under the limit", {"account": an_account(equity_usd=D("9001")),
     "decision": a_decision(leverage=1, position_size_percent=D("0.12"))}),
    ("cooldown just over", {"last_entry_ms": NOW_MS - 60_000}),
    ("orders of another coin", {"account": an_account(open_orders=(order_on(Symbol.ETH),))}),
    ("4 orders in the minute", {"orders_last_minute": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), PASSES, ids=[name for name, _ in PASSES])
def test_what_is_within_its_limit_passes(name: str, changes: dict[str, Any]) -> None:
    assert failing(healthy_input(**changes)) == []


def test_all_failing_rules_are_recorded_with_figure_limit_and_setting() -> None:
    given = healthy_input(decision=a_decision(confidence=D(10), position_size_percent=D(30)), entries_today=50)
    verdict = judge(given)
    assert verdict.code == Code.SIZE_PERCENT
    failed = {result.code: result for result in verdict.rules if not result.passed}
    assert {Code.SIZE_PERCENT, Code.CONFIDENCE, Code.DAILY_TRADES} <= set(failed)
    size = failed[Code.SIZE_PERCENT]
    assert (size.value, size.limit, size.setting) == ("30", "20", "MAX_POSITION_SIZE_PERCENT")


@pytest.mark.parametrize(
    ("symbol", "long_max", "short_max"),
    [
        (Symbol.BTC, 11, 11),
        (Symbol.ETH, 10, 10),
        (Symbol.SOL, 10, 9),
        (Symbol.XRP, 10, 9),
        (Symbol.BNB, 8, 7),
        (Symbol.DOGE, 8, 7),
    ],
)
def test_the_usable_leverage_is_the_documented_one(symbol: Symbol, long_max: int, short_max: int) -> None:
    for action, usable in ((Action.LONG, long_max), (Action.SHORT, short_max)):
        passing = [
            leverage
            for leverage in range(1, 21)
            if judge(
                healthy_input(
                    decision=a_decision(action=action, symbol=symbol, leverage=leverage, position_size_percent=D(1))
                )
            ).code
            is None
        ]
        assert passing == list(range(1, usable + 1))


CLOSE = a_decision(action=Action.CLOSE, symbol=Symbol.ETH, leverage=0, position_size_percent=D(0), confidence=D(0))


def test_an_exit_passes_whatever_the_state_and_however_old_the_figures() -> None:
    given = healthy_input(
        decision=CLOSE,
        account=an_account(a_position(Symbol.ETH), received_ms=0, equity_usd=D(1)),
        market=a_market(MARKS[Symbol.ETH], mark_received_ms=0, book_received_ms=0),
        halts=(Halt(EVERYONE, Reason.PERSON, 0), Halt("deepseek", Reason.DAILY_LOSS, 0)),
        answered_ms=None,
        entries_today=999,
        orders_last_minute=999,
        day_start_equity_usd=None,
    )
    verdict = judge(given)
    assert verdict.code is None
    assert [result.code for result in verdict.rules] == [
        Code.SYMBOL_UNKNOWN,
        Code.ACTION_INVALID,
        Code.NO_POSITION,
        Code.PRICE_COLLAR,
        Code.DUPLICATE,
    ]


def test_an_exit_closes_the_whole_position_within_its_collar() -> None:
    for side, order_side, limit in ((Side.LONG, OrderSide.SELL, D(3_880)), (Side.SHORT, OrderSide.BUY, D(4_120))):
        position = a_position(Symbol.ETH, side, size_coin=D("0.3333"))
        verdict = judge(healthy_input(decision=CLOSE, account=an_account(position)))
        assert verdict.draft is not None
        intent = intent_of(verdict.draft, valid_until_ms=5)
        assert (intent.side, intent.size_coin, intent.limit_price) == (order_side, D("0.3333"), limit)
        assert intent.reduce_only
        assert (intent.valid_until_ms, intent.leverage, intent.stop_loss_price) == (None, None, None)


def test_an_exit_without_a_tick_is_priced_by_the_account_states_mark() -> None:
    verdict = judge(healthy_input(decision=CLOSE, account=an_account(a_position(Symbol.ETH)), market=None))
    assert verdict.code is None
    assert verdict.draft is not None
    assert verdict.draft.mark_price == MARKS[Symbol.ETH]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        (Code.SYMBOL_UNKNOWN, {"decision": CLOSE.model_copy(update={"symbol": None})}),
        (Code.NO_POSITION, {"decision": CLOSE}),
        (Code.NO_POSITION, {"decision": CLOSE, "account": None}),
        (Code.DUPLICATE, {"decision": CLOSE, "account": an_account(a_position(Symbol.ETH)), "seen_before": True}),
    ],
)
def test_an_exit_is_denied_only_for_its_own_reasons(code: Code, changes: dict[str, Any]) -> None:
    assert judge(healthy_input(**changes)).code == code


def test_an_exit_leg_with_an_entry_action_is_refused() -> None:
    given = replace(healthy_input(account=an_account(a_position(Symbol.BTC))), intent_kind=IntentKind.EXIT)
    assert judge(given).code == Code.ACTION_INVALID


def test_an_open_position_without_a_stop_stakes_all_of_its_margin() -> None:
    naked = a_position(Symbol.ETH, stop_loss_price=None, protected=False, margin_used_usd=D(700))
    assert judge(healthy_input(account=an_account(naked))).code == Code.LOSS_BUDGET


def test_the_loss_budget_shrinks_with_the_days_loss() -> None:
    small = a_decision(leverage=5, position_size_percent=D(10))
    assert judge(healthy_input(decision=small)).code is None
    assert judge(healthy_input(decision=small, account=an_account(equity_usd=D(9_300)))).code == Code.LOSS_BUDGET
