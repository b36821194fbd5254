"""Invalidation tracking: a condition that comes true closes its position once; a model that ignores it is reported."""

from decimal import Decimal
from typing import Any

from common.events import Action, AlertCode, IntentKind, Invalidation, RiskApproved, SystemAlert
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from risk.storage.risk_state_table import rows_of, state_of
from support.risk_examples import a_condition, a_decision, a_decision_event, a_position, a_series, a_snapshot_event
from support.risk_harness import CLOSE, HOLD, ROSTER, Outputs, RiskHarness

BOUNDARY_MS = 1_790_000_040_000


class ConditionHarness(RiskHarness):
    """With one approved entry that carries a condition."""

    def __init__(self, condition: Invalidation | None = None) -> None:
        super().__init__(now_ms=BOUNDARY_MS)
        self.send_account()
        verdict = self.judge(invalidation_condition=condition or a_condition())
        assert isinstance(verdict.data, RiskApproved)
        self.intent, self.intent_id = verdict.data.intent, verdict.id

    @property
    def position(self) -> Any:
        return a_position(Symbol.BTC, size_coin=Decimal("0.05"), intent_id=self.intent_id)

    def send_account(self, *positions: Any, **changes: Any) -> Outputs:
        self.now_ms += 100
        return super().send_account(*positions, **changes)

    def fill(self) -> Outputs:
        return self.send_account(self.position, covers=(self.intent_id,))

    def send_snapshot(self, close: float) -> Outputs:
        """A minute later, with a minute's candle that closed at `close`."""
        self.now_ms = (self.now_ms // MINUTE_MS + 1) * MINUTE_MS
        series = a_series("1m", (100_000.0, close), last_close_ms=self.now_ms)
        event = a_snapshot_event(series, boundary_ms=self.now_ms)
        return self.handlers.on_market_snapshot(event, self.now_ms)


def alerts(outputs: Outputs) -> list[str]:
    return [
        event.data.message
        for event in outputs
        if isinstance(event.data, SystemAlert) and event.data.code == AlertCode.INVALIDATION_IGNORED
    ]


def test_the_condition_travels_with_the_intent() -> None:
    harness = ConditionHarness()
    assert harness.intent.invalidation_condition == a_condition()
    assert harness.intent.watched_after_ms == BOUNDARY_MS + 100


def test_a_condition_that_comes_true_closes_its_position_once() -> None:
    harness = ConditionHarness()
    harness.fill()
    assert harness.send_snapshot(99_000.0) == ()
    (exit_,) = harness.send_snapshot(98_999.0)
    assert isinstance(exit_.data, RiskApproved)
    assert (exit_.data.intent_kind, exit_.data.intent.reduce_only) == (IntentKind.INVALIDATION, True)
    assert exit_.data.intent.size_coin == Decimal("0.05")
    assert exit_.cycle_id == f"cycle-of-{harness.now_ms}"
    assert harness.send_snapshot(98_000.0) == ()
    assert harness.send_account(harness.position) == ()
    assert harness.send_account(covers=(exit_.id,)) == ()
    assert harness.model.conditions == {}
    assert harness.send_snapshot(98_000.0) == ()


def test_an_entry_not_held_yet_is_judged_by_all_its_candles_later() -> None:
    harness = ConditionHarness()
    assert harness.send_snapshot(98_000.0) == ()
    harness.fill()
    last_close_ms = harness.now_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
    series = a_series("1m", (98_000.0, 100_000.0), last_close_ms=last_close_ms)
    event = a_snapshot_event(series, boundary_ms=harness.now_ms + MINUTE_MS)
    (exit_,) = harness.handlers.on_market_snapshot(event, harness.now_ms)
    assert exit_.data.intent_kind is IntentKind.INVALIDATION


def test_a_failed_exit_is_repeated_while_the_position_is_there() -> None:
    harness = ConditionHarness()
    harness.fill()
    (exit_,) = harness.send_snapshot(98_000.0)
    harness.model.release([exit_.id])
    (again,) = harness.send_account(harness.position)
    assert (again.data.intent_kind, again.id != exit_.id) == (IntentKind.INVALIDATION, True)


def test_an_unfinished_exit_is_not_repeated() -> None:
    harness = ConditionHarness()
    harness.fill()
    assert isinstance(harness.judge(CLOSE).data, RiskApproved)
    assert harness.send_snapshot(98_000.0) == ()


def test_another_position_on_the_coin_is_not_closed() -> None:
    harness = ConditionHarness()
    harness.send_account(a_position(Symbol.BTC, intent_id="another"), covers=(harness.intent_id,))
    assert harness.send_snapshot(98_000.0) == ()


def test_a_condition_is_forgotten_once_its_entry_is_closed() -> None:
    harness = ConditionHarness()
    assert set(harness.model.conditions) == {harness.intent_id}
    harness.fill()
    harness.send_account()
    assert harness.model.conditions == {}


def test_a_model_that_holds_on_is_reported_once() -> None:
    harness = ConditionHarness()
    harness.fill()
    assert alerts(harness.send_decision(HOLD)) == []
    harness.send_snapshot(98_000.0)
    (message,) = alerts(harness.send_decision(HOLD))
    assert message == "deepseek holds on against its own invalidation condition: BTC 1m close < 99000"
    harness.advance(1)
    assert alerts(harness.send_decision(HOLD)) == []


def test_holding_in_the_cycle_of_the_trigger_is_reported_after_the_exit() -> None:
    """The model answered a snapshot that showed the condition true; that the position is closed it can't know."""
    harness = ConditionHarness()
    harness.fill()
    (exit_,) = harness.send_snapshot(98_000.0)
    boundary_ms = harness.now_ms
    harness.send_account(covers=(exit_.id,))
    harness.now_ms = boundary_ms
    assert len(alerts(harness.send_decision(HOLD))) == 1
    harness.send_snapshot(98_000.0)
    assert alerts(harness.send_decision(HOLD)) == []


def test_closing_or_answering_an_older_snapshot_is_not_reported() -> None:
    harness = ConditionHarness()
    harness.fill()
    harness.send_snapshot(98_000.0)
    assert alerts(harness.send_decision(CLOSE)) == []
    harness.now_ms -= 2
    assert alerts(harness.send_decision(HOLD)) == []


def test_entering_again_is_reported_each_time_while_the_condition_holds() -> None:
    harness = ConditionHarness()
    harness.fill()
    (exit_,) = harness.send_snapshot(98_000.0)
    harness.send_account(covers=(exit_.id,))
    harness.send_snapshot(98_000.0)
    assert len(alerts(harness.send_decision(a_decision()))) == 1
    assert alerts(harness.send_decision(a_decision(action=Action.SHORT))) == []
    assert alerts(harness.send_decision(a_decision(symbol=Symbol.ETH))) == []
    harness.advance(1)
    (message,) = alerts(harness.send_decision(a_decision()))
    assert message.startswith("deepseek enters again")
    harness.send_snapshot(100_000.0)
    assert alerts(harness.send_decision(a_decision())) == []


def test_another_models_answer_is_not_reported() -> None:
    harness = ConditionHarness()
    harness.fill()
    harness.send_snapshot(98_000.0)
    event = a_decision_event(HOLD, cycle="c", at_ms=harness.now_ms, model="qwen")
    assert harness.handlers.on_agent_decision(event, harness.now_ms) == ()


def test_a_triggered_condition_survives_the_table() -> None:
    harness = ConditionHarness()
    harness.fill()
    harness.send_snapshot(98_000.0)
    persistent = harness.handlers.state.persistent
    assert len(persistent.triggered) == 1
    assert state_of(rows_of(persistent, ROSTER.ids)).triggered == persistent.triggered
