"""Conditions under which a thesis is void: closed candles only, once per position; who ignores his own is told of."""

from decimal import Decimal
from typing import Any

import pytest

from common.events import Action, Event, IntentKind, Invalidation, RiskApproved, SystemAlert
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from common.trading.symbols import MODELS, SYMBOLS
from risk.gatekeeper import RiskGate
from risk.invalidation import Watched, came_true_ms, readings, still_holds
from risk.store import durable_of, rows_of
from risk.testing import (
    a_condition,
    a_decision,
    a_decision_event,
    a_position,
    a_series,
    a_snapshot_event,
    a_tick_event,
    an_account,
    an_account_event,
)

D = Decimal
MINUTE_MS = 60_000
BOUNDARY_MS = 1_790_000_040_000
HOLD = a_decision(action=Action.HOLD, symbol=None, leverage=0, position_size_percent=D(0))
CLOSE = a_decision(action=Action.CLOSE, leverage=0, position_size_percent=D(0))


def watched(condition: Invalidation, after_ms: int = BOUNDARY_MS) -> Watched:
    return Watched("i", Symbol.BTC, Side.LONG, condition, after_ms)


def coin(*series: Any) -> Any:
    return a_snapshot_event(*series, boundary_ms=BOUNDARY_MS).data.coins[Symbol.BTC]


def test_an_open_candle_counts_for_nothing() -> None:
    shown = a_series("1m", (1.0, 2.0, 3.0), last_close_ms=BOUNDARY_MS, is_last_closed=False)
    assert readings(shown, "close") == [(BOUNDARY_MS - MINUTE_MS, 1.0), (BOUNDARY_MS, 2.0)]
    closed = a_series("1m", (1.0, 2.0, 3.0), last_close_ms=BOUNDARY_MS)
    assert readings(closed, "close")[-1] == (BOUNDARY_MS, 3.0)


def test_an_indicator_shorter_than_the_candles_belongs_to_the_newest() -> None:
    shown = a_series("5m", (1.0,) * 4, last_close_ms=BOUNDARY_MS, rsi14=(40.0, 60.0))
    assert readings(shown, "rsi14") == [(BOUNDARY_MS - 300_000, 40.0), (BOUNDARY_MS, 60.0)]
    assert readings(shown, "ema50") == []


@pytest.mark.parametrize(
    ("op", "value", "fires"),
    [("<", 5.0, False), ("<", 5.1, True), ("<=", 5.0, True), ("<=", 4.9, False),
     (">", 5.0, False), (">", 4.9, True), (">=", 5.0, True), (">=", 5.1, False)],
)  # fmt: skip
def test_each_operator_compares_as_written(op: str, value: float, fires: bool) -> None:
    condition = a_condition(op=op, value=value)
    series = a_series("1m", (5.0,), last_close_ms=BOUNDARY_MS + MINUTE_MS)
    assert (came_true_ms(watched(condition), coin(series)) is not None) == fires


def test_only_candles_that_close_after_the_decision_count_and_none_between_two_snapshots_is_missed() -> None:
    condition = a_condition(value=10.0)
    series = a_series("1m", (1.0, 20.0, 1.0, 20.0), last_close_ms=BOUNDARY_MS + 3 * MINUTE_MS)
    assert came_true_ms(watched(condition), coin(series)) == BOUNDARY_MS + 2 * MINUTE_MS
    assert came_true_ms(watched(condition, BOUNDARY_MS + 2 * MINUTE_MS), coin(series)) is None
    assert not still_holds(watched(condition), coin(series))


def test_a_condition_looks_at_its_own_timeframe() -> None:
    minutes = a_series("1m", (1.0,), last_close_ms=BOUNDARY_MS + MINUTE_MS)
    assert came_true_ms(watched(a_condition(timeframe="15m", value=10.0)), coin(minutes)) is None
    assert not still_holds(watched(a_condition(timeframe="15m", value=10.0)), coin(minutes))


class Stage:
    """A gate with a market, and one position that came with a condition."""

    def __init__(self, condition: Invalidation | None = None) -> None:
        self.gate, self.now_ms = RiskGate(Limits(), MODELS), BOUNDARY_MS
        self.account()
        verdict = self.decide(a_decision(invalidation_condition=condition or a_condition()))[0]
        assert isinstance(verdict.data, RiskApproved)
        self.intent, self.intent_id = verdict.data.intent, verdict.id

    def account(self, *positions: Any, covers: tuple[str, ...] = ()) -> tuple[Event[Any], ...]:
        self.now_ms += 100
        return self.gate.account(
            an_account_event(an_account(*positions, covers=covers), at_ms=self.now_ms), self.now_ms
        )

    def fill(self) -> tuple[Event[Any], ...]:
        return self.account(self.position, covers=(self.intent_id,))

    @property
    def position(self) -> Any:
        return a_position(Symbol.BTC, size_coin=D("0.05"), intent_id=self.intent_id)

    def decide(self, decision: Any) -> tuple[Event[Any], ...]:
        for symbol in SYMBOLS:
            self.gate.mark(a_tick_event(symbol, at_ms=self.now_ms), self.now_ms)
        event = a_decision_event(decision, cycle=f"c{self.now_ms}", at_ms=self.now_ms)
        return self.gate.judge(event, self.now_ms)

    def snapshot(self, close: float) -> tuple[Event[Any], ...]:
        """A minute later, with a minute's candle that closed at `close`."""
        self.now_ms = (self.now_ms // MINUTE_MS + 1) * MINUTE_MS
        series = a_series("1m", (100_000.0, close), last_close_ms=self.now_ms)
        return self.gate.snapshot(a_snapshot_event(series, boundary_ms=self.now_ms), self.now_ms)


def test_the_condition_travels_with_the_intent() -> None:
    stage = Stage()
    assert stage.intent.invalidation_condition == a_condition()
    assert stage.intent.watched_after_ms == BOUNDARY_MS + 100


def test_a_condition_that_comes_true_closes_its_position_once() -> None:
    stage = Stage()
    stage.fill()
    assert stage.snapshot(99_000.0) == ()
    (exit_,) = stage.snapshot(98_999.0)
    assert isinstance(exit_.data, RiskApproved)
    assert (exit_.data.intent_kind, exit_.data.intent.reduce_only) == (IntentKind.INVALIDATION, True)
    assert exit_.data.intent.size_coin == D("0.05")
    assert exit_.cycle_id == f"cycle-of-{stage.now_ms}"
    assert stage.snapshot(98_000.0) == ()
    assert stage.account(stage.position) == ()
    assert stage.account(covers=(exit_.id,)) == ()
    assert stage.gate.state.models["deepseek"].conditions == {}
    assert stage.snapshot(98_000.0) == ()


def test_an_entry_that_is_not_held_yet_is_judged_by_all_its_candles_later() -> None:
    stage = Stage()
    assert stage.snapshot(98_000.0) == ()
    stage.fill()
    series = a_series("1m", (98_000.0, 100_000.0), last_close_ms=stage.now_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS)
    (exit_,) = stage.gate.snapshot(a_snapshot_event(series, boundary_ms=stage.now_ms + MINUTE_MS), stage.now_ms)
    assert exit_.data.intent_kind is IntentKind.INVALIDATION


def test_an_exit_that_failed_is_asked_for_again_as_long_as_the_position_is_there() -> None:
    stage = Stage()
    stage.fill()
    (exit_,) = stage.snapshot(98_000.0)
    stage.gate.state.models["deepseek"].release([exit_.id])
    (again,) = stage.account(stage.position)
    assert (again.data.intent_kind, again.id != exit_.id) == (IntentKind.INVALIDATION, True)


def test_an_exit_under_way_is_enough() -> None:
    stage = Stage()
    stage.fill()
    assert isinstance(stage.decide(CLOSE)[0].data, RiskApproved)
    assert stage.snapshot(98_000.0) == ()


def test_another_position_on_the_coin_is_left_alone() -> None:
    stage = Stage()
    stage.account(a_position(Symbol.BTC, intent_id="another"), covers=(stage.intent_id,))
    assert stage.snapshot(98_000.0) == ()


def test_no_condition_is_watched_once_its_entry_is_gone() -> None:
    stage = Stage()
    assert set(stage.gate.state.models["deepseek"].conditions) == {stage.intent_id}
    stage.fill()
    stage.account()
    assert stage.gate.state.models["deepseek"].conditions == {}


def alerts(events: tuple[Event[Any], ...]) -> list[str]:
    return [e.data.message for e in events if isinstance(e.data, SystemAlert) and e.data.code == "INVALIDATION_IGNORED"]


def test_a_model_that_holds_on_after_its_condition_came_true_is_reported_once() -> None:
    stage = Stage()
    stage.fill()
    assert alerts(stage.decide(HOLD)) == []
    stage.snapshot(98_000.0)
    (message,) = alerts(stage.decide(HOLD))
    assert message == "deepseek holds on against its own invalidation condition: BTC 1m close < 99000"
    stage.now_ms += 1_000
    assert alerts(stage.decide(HOLD)) == []


def test_holding_in_the_cycle_of_the_condition_is_reported_even_when_the_position_is_gone_already() -> None:
    stage = Stage()
    stage.fill()
    (exit_,) = stage.snapshot(98_000.0)
    boundary_ms = stage.now_ms
    stage.account(covers=(exit_.id,))
    stage.now_ms = boundary_ms
    assert len(alerts(stage.decide(HOLD))) == 1
    stage.snapshot(98_000.0)
    assert alerts(stage.decide(HOLD)) == []


def test_closing_or_an_answer_to_an_older_snapshot_is_no_offence() -> None:
    stage = Stage()
    stage.fill()
    stage.snapshot(98_000.0)
    assert alerts(stage.decide(CLOSE)) == []
    stage.now_ms -= 2
    assert alerts(stage.decide(HOLD)) == []


def test_entering_again_is_reported_each_time_while_the_condition_holds() -> None:
    stage = Stage()
    stage.fill()
    (exit_,) = stage.snapshot(98_000.0)
    stage.account(covers=(exit_.id,))
    stage.snapshot(98_000.0)
    assert len(alerts(stage.decide(a_decision()))) == 1
    assert alerts(stage.decide(a_decision(action=Action.SHORT))) == []
    assert alerts(stage.decide(a_decision(symbol=Symbol.ETH))) == []
    stage.now_ms += 1_000
    (message,) = alerts(stage.decide(a_decision()))
    assert message.startswith("deepseek enters again")
    stage.snapshot(100_000.0)
    assert alerts(stage.decide(a_decision())) == []


def test_the_other_models_answers_are_none_of_it() -> None:
    stage = Stage()
    stage.fill()
    stage.snapshot(98_000.0)
    event = a_decision_event(HOLD, cycle="c", at_ms=stage.now_ms, model="qwen")
    assert stage.gate.judge(event, stage.now_ms) == ()


def test_what_came_true_survives_the_table() -> None:
    stage = Stage()
    stage.fill()
    stage.snapshot(98_000.0)
    durable = stage.gate.state.durable
    assert len(durable.fired) == 1
    assert durable_of(rows_of(durable, MODELS)).fired == durable.fired
