"""The verdict: the first failing rule names the denial, all are recorded, and an exit passes in every state."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from common.events import AccountOrder, Action, IntentKind, OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from risk.gate.gate_input import GateInput, Reservation, Snapshot
from risk.gate.halts import ALL_MODELS, Halt, Reason
from risk.gate.rules.table import RULES
from risk.gate.verdict import intent_of, judge
from support.risk_examples import MARKS, NOW_MS, a_decision, a_market, a_position, an_account, healthy_input

D = Decimal


def failing(inputs: GateInput) -> list[str]:
    return [result.code for result in judge(inputs).rules if not result.passed]


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
    assert verdict.denial_code is None
    assert [result.code for result in verdict.rules] == [rule.code for rule in RULES if rule.for_entries]
    assert failing(healthy_input()) == []


HELD_THREE = an_account(a_position(Symbol.ETH), a_position(Symbol.SOL), a_position(Symbol.XRP))

DENIALS: list[tuple[str, dict[str, Any]]] = [
    ("STATE_HALTED", {"halts": (Halt("deepseek", Reason.DRAWDOWN, 0),)}),
    ("STATE_HALTED", {"halts": (Halt(ALL_MODELS, Reason.PERSON, 0),)}),
    ("STATE_REDUCING", {"halts": (Halt("deepseek", Reason.DAILY_LOSS, 0, NOW_MS + 1),)}),
    ("STALE_MARK", {"market": a_market(mark_received_ms=NOW_MS - 5_001)}),
    ("STALE_MARK", {"market": None}),
    ("STALE_MARK", {"market": a_market(mark_received_ms=NOW_MS + 60_000)}),
    ("STALE_BOOK", {"market": a_market(book_received_ms=NOW_MS - 5_001)}),
    ("STALE_ACCOUNT", {"account": an_account(received_ms=NOW_MS - 15_001)}),
    ("STALE_ACCOUNT", {"account": None}),
    ("STALE_DECISION", {"answered_ms": NOW_MS - 30_001}),
    ("STALE_DECISION", {"answered_ms": None}),
    ("STALE_DECISION", {"snapshot": Snapshot(NOW_MS - 90_001, MARKS[Symbol.BTC])}),
    ("STALE_DECISION", {"snapshot": Snapshot(NOW_MS - 1, D(98_900))}),
    ("STALE_DECISION", {"snapshot": Snapshot(None, None)}),
    ("CLOCK_SKEW", {"market": a_market(time_ms=NOW_MS - 2_051)}),
    ("SYMBOL_UNKNOWN", {"limits": {"allowed_symbols": "ETH,SOL"}}),
    ("SYMBOL_UNKNOWN", {"decision": a_decision(symbol=None)}),
    ("ACTION_INVALID", {"decision": a_decision(leverage=0)}),
    ("ACTION_INVALID", {"decision": a_decision(position_size_percent=D(0))}),
    ("ACTION_INVALID", {"decision": a_decision(position_size_percent=D(101))}),
    ("ACTION_INVALID", {"decision": a_decision(confidence=D(101))}),
    ("ACTION_INVALID", {"decision": a_decision(stop_loss=D(0))}),
    ("ACTION_INVALID", {"decision": a_decision(action=Action.HOLD)}),
    ("POSITION_HELD", {"account": an_account(a_position(Symbol.BTC))}),
    ("POSITION_HELD", {"reservations": (reserved(Symbol.BTC),)}),
    ("POSITION_HELD", {"account": an_account(open_orders=(order_on(Symbol.BTC),))}),
    ("FLIP_WITHOUT_CLOSE", {"account": an_account(a_position(Symbol.BTC, Side.SHORT))}),
    ("FLIP_WITHOUT_CLOSE", {"reservations": (reserved(Symbol.BTC, Side.SHORT),)}),
    ("SIZE_PERCENT", {"decision": a_decision(position_size_percent=D("20.1"), leverage=1)}),
    ("LEVERAGE", {"decision": a_decision(leverage=21, position_size_percent=D(1), stop_loss=D(99_000))}),
    ("LEVERAGE", {"decision": a_decision(symbol=Symbol.DOGE, leverage=11, position_size_percent=D(1))}),
    ("LIQUIDATION_DISTANCE", {"decision": a_decision(leverage=12, position_size_percent=D(1))}),
    ("OPEN_POSITIONS", {"account": HELD_THREE}),
    (
        "OPEN_POSITIONS",
        {
            "account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL)),
            "reservations": (reserved(Symbol.XRP),),
        },
    ),
    ("CONFIDENCE", {"decision": a_decision(confidence=D("59.9"))}),
    ("DAILY_TRADES", {"entries_today": 50}),
    ("DAILY_LOSS", {"account": an_account(equity_usd=D(9_000))}),
    ("DAILY_LOSS", {"day_start_equity_usd": None}),
    ("LOSS_BUDGET", {"decision": a_decision(leverage=10, position_size_percent=D(16))}),
    ("LOSS_BUDGET", {"reservations": (reserved(Symbol.ETH, loss_usd=D(900)),)}),
    ("GROSS_EXPOSURE", {"reservations": (reserved(Symbol.ETH, notional_usd=D(95_001)),)}),
    ("DRAWDOWN", {"high_water_usd": D(16_667)}),
    ("DRAWDOWN", {"high_water_usd": None}),
    ("MIN_NOTIONAL", {"decision": a_decision(leverage=1, position_size_percent=D("0.1"))}),
    ("MAX_NOTIONAL_USD", {"limits": {"max_notional_usd": D(4_900)}}),
    ("INSUFFICIENT_MARGIN", {"account": an_account(available_balance_usd=D(1_004))}),
    ("INSUFFICIENT_MARGIN", {"reservations": (reserved(Symbol.ETH, margin_usd=D(8_996)),)}),
    ("PRICE_COLLAR", {"market": a_market(mid_price=D(101_001))}),
    ("COOLDOWN", {"last_entry_ms": NOW_MS - 59_999}),
    ("RATE", {"orders_last_minute": 5}),
    ("DUPLICATE", {"seen_before": True}),
]


@pytest.mark.parametrize(("code", "changes"), DENIALS, ids=[f"{code}-{i}" for i, (code, _) in enumerate(DENIALS)])
def test_the_first_failing_rule_names_the_denial(code: str, changes: dict[str, Any]) -> None:
    assert judge(healthy_input(**changes)).denial_code == code


PASSES: list[tuple[str, dict[str, Any]]] = [
    ("age at the limit", {"market": a_market(mark_received_ms=NOW_MS - 5_000, book_received_ms=NOW_MS - 5_000)}),
    ("account age at the limit", {"account": an_account(received_ms=NOW_MS - 15_000)}),
    ("drift at the limit", {"snapshot": Snapshot(NOW_MS - 90_000, D("99009.91"))}),
    ("skewed clock at another speed", {"limits": {"market_speed": D(60)}, "market": a_market(time_ms=5)}),
    ("confidence at the limit", {"decision": a_decision(confidence=D(60))}),
    ("size at the limit", {"decision": a_decision(position_size_percent=D(20), leverage=1)}),
    ("the 50th trade", {"entries_today": 49}),
    ("two held", {"account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL))}),
    ("an unfinished exit takes no slot", {"account": an_account(a_position(Symbol.ETH), a_position(Symbol.SOL)),
     "reservations": (reserved(Symbol.ETH, intent_kind=IntentKind.EXIT),)}),
    ("loss just under the limit", {"account": an_account(equity_usd=D("9001")),
     "decision": a_decision(leverage=1, position_size_percent=D("0.12"))}),
    ("cooldown just over", {"last_entry_ms": NOW_MS - 60_000}),
    ("orders of another coin", {"account": an_account(open_orders=(order_on(Symbol.ETH),))}),
    ("4 orders in the minute", {"orders_last_minute": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), PASSES, ids=[name for name, _ in PASSES])
def test_a_decision_within_its_limits_passes_every_rule(name: str, changes: dict[str, Any]) -> None:
    assert failing(healthy_input(**changes)) == []


def test_failing_rules_are_recorded_with_figure_limit_and_setting() -> None:
    inputs = healthy_input(decision=a_decision(confidence=D(10), position_size_percent=D(30)), entries_today=50)
    verdict = judge(inputs)
    assert verdict.denial_code == "SIZE_PERCENT"
    failed = {result.code: result for result in verdict.rules if not result.passed}
    assert {"SIZE_PERCENT", "CONFIDENCE", "DAILY_TRADES"} <= set(failed)
    size = failed["SIZE_PERCENT"]
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
            ).denial_code
            is None
        ]
        assert passing == list(range(1, usable + 1))


CLOSE = a_decision(action=Action.CLOSE, symbol=Symbol.ETH, leverage=0, position_size_percent=D(0), confidence=D(0))


def test_an_exit_passes_in_every_state_and_on_old_figures() -> None:
    inputs = healthy_input(
        decision=CLOSE,
        account=an_account(a_position(Symbol.ETH), received_ms=0, equity_usd=D(1)),
        market=a_market(MARKS[Symbol.ETH], mark_received_ms=0, book_received_ms=0),
        halts=(Halt(ALL_MODELS, Reason.PERSON, 0), Halt("deepseek", Reason.DAILY_LOSS, 0)),
        answered_ms=None,
        entries_today=999,
        orders_last_minute=999,
        day_start_equity_usd=None,
    )
    verdict = judge(inputs)
    assert verdict.denial_code is None
    assert [result.code for result in verdict.rules] == [
        "SYMBOL_UNKNOWN",
        "ACTION_INVALID",
        "NO_POSITION",
        "PRICE_COLLAR",
        "DUPLICATE",
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
    assert verdict.denial_code is None
    assert verdict.draft is not None
    assert verdict.draft.mark_price == MARKS[Symbol.ETH]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("SYMBOL_UNKNOWN", {"decision": CLOSE.model_copy(update={"symbol": None})}),
        ("NO_POSITION", {"decision": CLOSE}),
        ("NO_POSITION", {"decision": CLOSE, "account": None}),
        ("DUPLICATE", {"decision": CLOSE, "account": an_account(a_position(Symbol.ETH)), "seen_before": True}),
    ],
)
def test_an_exit_is_denied_only_for_its_own_reasons(code: str, changes: dict[str, Any]) -> None:
    assert judge(healthy_input(**changes)).denial_code == code


def test_an_exit_with_an_entry_action_is_denied() -> None:
    inputs = replace(healthy_input(account=an_account(a_position(Symbol.BTC))), intent_kind=IntentKind.EXIT)
    assert judge(inputs).denial_code == "ACTION_INVALID"


def test_a_position_without_a_stop_stakes_all_of_its_margin() -> None:
    unprotected = a_position(Symbol.ETH, stop_loss_price=None, protected=False, margin_used_usd=D(700))
    assert judge(healthy_input(account=an_account(unprotected))).denial_code == "LOSS_BUDGET"


def test_the_loss_budget_shrinks_with_the_days_loss() -> None:
    small = a_decision(leverage=5, position_size_percent=D(10))
    assert judge(healthy_input(decision=small)).denial_code is None
    assert judge(healthy_input(decision=small, account=an_account(equity_usd=D(9_300)))).denial_code == "LOSS_BUDGET"
