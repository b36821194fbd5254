"""The gate's input as it is built from memory."""

from decimal import Decimal

from common.events import IntentKind
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from risk.gate.gate_input import GateInput, Snapshot
from risk.gate.halts import ALL_MODELS, Halt, Reason
from risk.state.gate_inputs import build_gate_input, exit_decision
from risk.state.market_time import day_of
from risk.state.persistent_state import Baseline, ModelRecord
from risk.state.risk_state import SnapshotMarks
from support.risk_examples import MARKS, a_decision, a_decision_event
from support.risk_harness import MODEL, RiskHarness

CAUSE_CYCLE = "cycle"


def build(harness: RiskHarness, exit_kind: IntentKind | None = None) -> GateInput:
    decision = a_decision() if exit_kind is None else exit_decision(Symbol.ETH, exit_kind)
    cause = a_decision_event(a_decision(), cycle=CAUSE_CYCLE, at_ms=harness.now_ms)
    return build_gate_input(
        harness.handlers.state,
        harness.handlers.limits,
        cause,
        MODEL,
        decision,
        harness.now_ms,
        cycle=CAUSE_CYCLE if exit_kind is None else None,
        exit_kind=exit_kind or IntentKind.EXIT,
    )


def test_a_halt_that_has_ended_by_time_is_left_out() -> None:
    harness = RiskHarness()
    harness.send_ticks()
    ended = Halt(MODEL, Reason.STOPS, 0, until_ms=harness.market_ms)
    lasting = Halt(ALL_MODELS, Reason.DAILY_LOSS, 0, until_ms=harness.market_ms + 1)
    other = Halt("qwen", Reason.PERSON, 0)
    for halt in (ended, lasting, other):
        harness.handlers.state.persistent = harness.handlers.state.persistent.with_halt(halt)
    assert build(harness).halts == (lasting,)


def test_the_baseline_of_another_day_is_left_out() -> None:
    harness = RiskHarness()
    harness.send_ticks()
    today = day_of(harness.market_ms)
    for day, expected in ((today, Decimal(9)), (today - 1, None)):
        record = ModelRecord(baseline=Baseline(day, Decimal(9)))
        harness.handlers.state.persistent = harness.handlers.state.persistent.with_record(MODEL, record)
        assert build(harness).day_start_equity_usd == expected


def test_a_decisions_own_reservation_is_left_out() -> None:
    harness = RiskHarness()
    harness.send_account()
    harness.judge(cycle=CAUSE_CYCLE)
    assert len(harness.reserved) == 1
    inputs = build(harness)
    assert (inputs.reservations, inputs.entries_today) == ((), 0)
    assert inputs.seen_before


def test_a_snapshot_that_was_not_read_is_taken_from_the_decision() -> None:
    harness = RiskHarness()
    assert build(harness).snapshot == Snapshot(harness.now_ms - 1_000, MARKS[Symbol.BTC])
    marks = SnapshotMarks(harness.now_ms - DAY_MS, {Symbol.BTC: Decimal(7)})
    harness.handlers.state.record_snapshot(f"snapshot-{CAUSE_CYCLE}", marks)
    assert build(harness).snapshot == Snapshot(harness.now_ms - DAY_MS, Decimal(7))


def test_an_exit_of_risks_own_has_its_kind_and_no_cycle() -> None:
    harness = RiskHarness()
    harness.send_account()
    inputs = build(harness, IntentKind.FLATTEN)
    assert (inputs.intent_kind, inputs.seen_before) == (IntentKind.FLATTEN, False)
    assert inputs.decision.reasoning == "flatten"
