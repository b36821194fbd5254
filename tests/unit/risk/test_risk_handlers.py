"""The handlers: verdicts, reservations, counters, a person's commands and the exits they cause."""

from decimal import Decimal
from typing import Any

import pytest
from structlog import get_logger
from structlog.testing import capture_logs

from common.events import Action, Command, IgnoreReason, IntentKind, RiskApproved, derived_id
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import NEVER_SENT, CancelReason, OrderSide, Side
from common.trading.roster import Roster
from risk.gate.halts import Reason, TradingState
from risk.handlers import RiskHandlers
from risk.state.entry_counters import EntryCounters
from risk.state.risk_state import RiskState
from risk.storage.rebuild import apply_approval
from support.risk_examples import MARKS, a_decision, a_decision_event, a_position, an_account
from support.risk_harness import CLOSE, MODEL, ROSTER, RiskHarness, denial_code

D = Decimal


@pytest.fixture
def harness() -> RiskHarness:
    ready = RiskHarness()
    ready.send_account()
    return ready


def test_an_approval_carries_a_whole_intent_and_an_id_of_its_decision(harness: RiskHarness) -> None:
    verdict = harness.judge()
    assert isinstance(verdict.data, RiskApproved)
    assert verdict.id == derived_id(verdict.data.decision_id, "risk.approved")
    intent = verdict.data.intent
    assert (intent.valid_until_ms, intent.leverage, intent.reduce_only) == (harness.now_ms + 30_000, 5, False)
    assert verdict.cycle_id == "cycle-1"
    assert harness.reserved == {verdict.id}


def test_a_stop_that_was_ignored_is_named_in_either_verdict(harness: RiskHarness) -> None:
    mark = MARKS[Symbol.BTC]
    wrong = {"stop_loss": mark * 2, "take_profit": mark * D("1.05")}
    approved, denied = harness.judge(**wrong), harness.judge(symbol=Symbol.ETH, confidence=D(1), stop_loss=mark)
    (stop,) = approved.data.ignored_stops
    assert (stop.field, stop.reason, stop.asked_price) == ("stop_loss", IgnoreReason.WRONG_SIDE, mark * 2)
    assert (stop.used_price, stop.mark_price) == (approved.data.intent.stop_loss_price, mark)
    assert denial_code(denied) == "CONFIDENCE"
    assert [ignored.asked_price for ignored in denied.data.ignored_stops] == [mark]


def test_without_an_account_state_entries_are_denied() -> None:
    assert denial_code(RiskHarness().judge()) == "STALE_ACCOUNT"


@pytest.mark.parametrize("decision", [None, a_decision(action=Action.HOLD, symbol=None)])
def test_a_hold_or_no_decision_has_no_verdict(harness: RiskHarness, decision: Any) -> None:
    assert harness.send_decision(decision) == ()


def test_a_decision_delivered_again_is_judged_alike(harness: RiskHarness) -> None:
    """As after a commit that was refused: the reservation of the first judgement must not deny the second."""
    harness.send_ticks()
    event = a_decision_event(a_decision(), cycle="c", at_ms=harness.now_ms)
    (first,) = harness.handlers.on_agent_decision(event, harness.now_ms)
    harness.model.seen.clear()
    harness.model.counters = EntryCounters()
    (again,) = harness.handlers.on_agent_decision(event, harness.now_ms)
    assert again.id == first.id
    assert again.data == first.data


# Reservations.


def test_a_reservation_ends_only_with_a_state_that_covers_it(harness: RiskHarness) -> None:
    verdict = harness.judge()
    harness.advance(5)
    harness.send_account(a_position(Symbol.BTC), open_intents=(verdict.id,))
    assert harness.reserved == {verdict.id}
    harness.advance(5)
    harness.send_account(a_position(Symbol.BTC), covers=(verdict.id,))
    assert harness.reserved == set()


def test_an_older_account_state_ends_no_reservation_and_begins_no_halt(harness: RiskHarness) -> None:
    verdict = harness.judge()
    late = an_account(covers=(verdict.id,), equity_usd=D(1))
    late = late.model_copy(update={"state_ms": harness.now_ms - 1, "received_ms": harness.now_ms - 1})
    assert harness.send_state(late) == ()
    assert harness.reserved == {verdict.id}
    assert harness.trading_state is TradingState.ACTIVE


def test_an_order_cancelled_unfilled_is_released(harness: RiskHarness) -> None:
    second = harness.judge(symbol=Symbol.ETH)
    harness.cancel(second.id)
    assert harness.reserved == set()


# Counters.


def test_entries_count_once_each_when_they_reach_the_exchange() -> None:
    harness = RiskHarness(max_daily_trades=2, entry_cooldown_s=0)
    harness.send_account()
    unsent = harness.judge()
    harness.cancel(unsent.id)
    first = harness.judge()
    for _ in range(3):
        harness.accept(first.id)
    harness.reject(first.id)
    harness.send_account(covers=(first.id,))
    second = harness.judge()
    assert denial_code(second) is None
    assert denial_code(harness.judge(symbol=Symbol.ETH)) == "DAILY_TRADES"
    harness.reject(second.id)
    assert denial_code(harness.judge(symbol=Symbol.ETH)) == "DAILY_TRADES"
    harness.advance(86_400)
    harness.send_account()
    assert denial_code(harness.judge(symbol=Symbol.ETH)) is None


@pytest.mark.parametrize("reason", sorted(NEVER_SENT))
def test_an_entry_covered_before_its_end_counts_unless_never_sent(reason: CancelReason) -> None:
    harness = RiskHarness(max_daily_trades=1, entry_cooldown_s=0)
    harness.send_account()
    unsent = harness.judge()
    harness.send_account(covers=(unsent.id,))
    assert denial_code(harness.judge()) == "DAILY_TRADES"
    harness.cancel(unsent.id, reason=reason)
    filled = harness.judge()
    assert denial_code(filled) is None
    harness.send_account(covers=(filled.id,))
    harness.accept(filled.id)
    assert denial_code(harness.judge()) == "DAILY_TRADES"


def test_an_entry_that_was_sent_and_never_arrived_counts() -> None:
    harness = RiskHarness(max_daily_trades=1, entry_cooldown_s=0)
    harness.send_account()
    harness.cancel(harness.judge().id, reason=CancelReason.NEVER_ARRIVED)
    assert denial_code(harness.judge()) == "DAILY_TRADES"


def test_a_cycle_has_one_entry_and_one_exit(harness: RiskHarness) -> None:
    harness.judge(cycle="c")
    harness.send_account(a_position(Symbol.BTC))
    assert denial_code(harness.judge(symbol=Symbol.ETH, cycle="c")) == "DUPLICATE"
    assert denial_code(harness.judge(CLOSE, cycle="c")) is None
    assert denial_code(harness.judge(CLOSE, cycle="c")) == "DUPLICATE"


def test_a_denied_decision_leaves_its_cycle_open(harness: RiskHarness) -> None:
    assert denial_code(harness.judge(cycle="c", leverage=20)) == "LIQUIDATION_DISTANCE"
    assert denial_code(harness.judge(cycle="c")) is None


def test_a_restart_knows_the_same_cycles_as_before(harness: RiskHarness) -> None:
    harness.judge(cycle="denied", leverage=20)
    approval = harness.judge(cycle="approved")
    state = RiskState.empty([MODEL])
    apply_approval(state, harness.handlers.limits, approval)
    assert state.model(MODEL).seen == harness.model.seen == {("approved", IntentKind.ENTRY): None}


# Log lines.


def test_each_verdict_is_one_log_line(harness: RiskHarness) -> None:
    with capture_logs() as lines:
        harness.handlers = RiskHandlers(harness.handlers.limits, ROSTER, get_logger())
        harness.send_account()
        approval = harness.judge(cycle="c")
        harness.judge(cycle="d")
    common = {"event": "verdict", "log_level": "info", "model": MODEL, "intent_kind": "entry", "symbol": "BTC"}
    assert lines == [
        common | {"cycle_id": "c", "verdict": "APPROVED", "denial_code": None, "intent_id": approval.id},
        common | {"cycle_id": "d", "verdict": "DENIED", "denial_code": "POSITION_HELD", "intent_id": None},
    ]


# Frequency.


def test_the_cooldown_is_measured_in_market_time(harness: RiskHarness) -> None:
    first = harness.judge()
    harness.cancel(first.id)
    harness.advance(10)
    assert denial_code(harness.judge()) == "COOLDOWN"
    harness.advance(50)
    harness.send_account()
    assert denial_code(harness.judge()) is None


def test_the_sixth_order_within_a_minute_is_denied(harness: RiskHarness) -> None:
    for symbol in (Symbol.BTC, Symbol.ETH, Symbol.SOL, Symbol.BNB, Symbol.DOGE):
        verdict = harness.judge(symbol=symbol, leverage=1)
        assert denial_code(verdict) is None
        harness.cancel(verdict.id)
    assert denial_code(harness.judge(symbol=Symbol.XRP, leverage=1)) == "RATE"


@pytest.mark.parametrize("ahead_ms", [0, 864_000_000, -365 * 86_400_000])
def test_the_entries_of_a_day_are_those_of_market_time(ahead_ms: int) -> None:
    harness = RiskHarness(ahead_ms=ahead_ms, market_speed=D(2), max_daily_trades=3)
    codes = []
    for _ in range(5):
        harness.send_account(covers=tuple(harness.reserved))
        verdict = harness.judge()
        codes.append(denial_code(verdict))
        harness.accept(verdict.id)
        harness.advance(60)
    assert codes == [None, None, None, "DAILY_TRADES", "DAILY_TRADES"]


def test_an_approval_is_stamped_with_market_time() -> None:
    harness = RiskHarness(ahead_ms=-7 * 86_400_000, market_speed=D(2))
    harness.send_account()
    verdict = harness.judge()
    assert isinstance(verdict.data, RiskApproved)
    assert verdict.time_ms == harness.market_ms


# Commands, and the exits that they cause.


@pytest.mark.parametrize("model", [MODEL, None])
def test_a_persons_halt_ends_with_a_persons_resume(harness: RiskHarness, model: str | None) -> None:
    alerts = harness.send_command(Command.HALT, model)
    assert len(alerts) == (1 if model else len(ROSTER.ids))
    assert denial_code(harness.judge()) == "STATE_HALTED"
    harness.send_command(Command.RESUME, "qwen")
    assert harness.trading_state is TradingState.HALTED
    harness.send_command(Command.RESUME, model)
    assert harness.trading_state is TradingState.ACTIVE
    assert denial_code(harness.judge()) is None


def test_a_resume_that_is_older_than_a_halt_leaves_it(harness: RiskHarness) -> None:
    harness.send_command(Command.HALT, MODEL, ago_ms=500)
    harness.send_command(Command.RESUME, MODEL, ago_ms=1_000)
    assert harness.trading_state is TradingState.HALTED
    harness.send_command(Command.HALT, MODEL, ago_ms=100)
    harness.send_command(Command.RESUME, MODEL, ago_ms=300)
    assert harness.trading_state is TradingState.HALTED
    harness.send_command(Command.RESUME, MODEL)
    assert harness.trading_state is TradingState.ACTIVE


def test_a_halt_has_its_author_and_reason(harness: RiskHarness) -> None:
    (alert,) = harness.send_command(Command.HALT, MODEL)
    (halt,) = harness.handlers.state.persistent.halts
    assert (halt.author, halt.detail) == ("test", "test")
    assert alert.data.message == f"{MODEL} went from ACTIVE to HALTED: PERSON (by test: test)"


def test_resuming_one_model_leaves_the_halt_of_all(harness: RiskHarness) -> None:
    harness.send_command(Command.HALT, None)
    harness.send_command(Command.RESUME, MODEL)
    assert harness.trading_state is TradingState.HALTED


def test_flatten_closes_each_position_once_and_repeats_failed_exits(harness: RiskHarness) -> None:
    eth, sol = a_position(Symbol.ETH), a_position(Symbol.SOL, Side.SHORT)
    harness.send_account(eth, sol)
    first, second, *exits = harness.send_command(Command.FLATTEN, None)
    assert first.type == second.type == "system.alert"
    assert [(e.data.intent.symbol, e.data.intent.side, e.data.intent.reduce_only) for e in exits] == [
        (Symbol.ETH, OrderSide.SELL, True),
        (Symbol.SOL, OrderSide.BUY, True),
    ]
    assert len({event.id for event in exits}) == 2
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    harness.advance(5)
    assert harness.send_account(eth, sol) == ()
    harness.cancel(exits[0].id)
    (again,) = harness.send_account(eth, sol, covers=())
    assert again.data.intent.symbol is Symbol.ETH
    harness.advance(5)
    (active,) = harness.send_account(covers=(exits[1].id, again.id))
    assert "to ACTIVE" in active.data.message
    assert harness.reserved == set()


def test_a_flatten_without_any_tick_is_priced_by_the_account_state() -> None:
    harness = RiskHarness()
    harness.send_account(a_position(Symbol.ETH))
    _, exit_ = harness.send_command(Command.FLATTEN)
    assert exit_.data.intent.limit_price == 3_880


def test_a_flatten_of_a_flat_account_ends_with_its_next_state(harness: RiskHarness) -> None:
    harness.send_command(Command.FLATTEN)
    assert harness.reasons == [Reason.FLATTEN]
    harness.advance(5)
    harness.send_account()
    assert harness.reasons == []


def test_a_flatten_of_all_closes_every_coin_with_an_id_of_its_own() -> None:
    """Also a coin that has left the roster: HYPE is traded by none of the built-in contenders."""
    harness = RiskHarness()
    for model in ROSTER.ids:
        harness.send_account(*(a_position(symbol, mark_price=D(10)) for symbol in INSTRUMENTS), model=model)
    outputs = harness.send_command(Command.FLATTEN, None)
    exits = [event for event in outputs if event.type == RiskApproved.TYPE]
    assert len({event.id for event in exits}) == len(exits) == len(ROSTER.ids) * len(INSTRUMENTS)


def test_a_third_contender_trades_a_seventh_coin() -> None:
    third = ROSTER.contenders[0].model_copy(update={"id": "third", "name": "Third", "color": "#123456"})
    roster = Roster(contenders=(*ROSTER.contenders, third), coins=(*ROSTER.coins, Symbol.HYPE))
    harness = RiskHarness(roster=roster)
    harness.send_account(model="third")
    decision = a_decision(symbol=Symbol.HYPE, leverage=2, position_size_percent=D(5))
    (verdict,) = harness.send_decision(decision, model="third")
    assert isinstance(verdict.data, RiskApproved)
    assert (verdict.data.model, verdict.data.intent.symbol) == ("third", Symbol.HYPE)
    harness.send_account(a_position(Symbol.HYPE), model="third", covers=(verdict.id,))
    *_, exit_ = harness.send_command(Command.FLATTEN, None)
    assert (exit_.data.model, exit_.data.intent.symbol) == ("third", Symbol.HYPE)


def test_one_models_account_is_nothing_to_another(harness: RiskHarness) -> None:
    harness.send_account(a_position(Symbol.BTC, Side.SHORT), model="qwen", equity_usd=D(1))
    assert denial_code(harness.judge()) is None
