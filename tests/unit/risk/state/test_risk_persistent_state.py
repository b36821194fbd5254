"""The persistent state: a change makes a new one, and no change returns the same object."""

from decimal import Decimal

from risk.gate.halts import Halt, Reason
from risk.state.persistent_state import ModelRecord, PersistentState

HALT = Halt("deepseek", Reason.DRAWDOWN, 0)
RECORD = ModelRecord(high_water_usd=Decimal(1))


def test_a_change_leaves_the_old_state_as_it_was() -> None:
    before = PersistentState()
    after = before.with_halt(HALT).with_record("deepseek", RECORD)
    assert (after.halts, after.record("deepseek")) == ((HALT,), RECORD)
    assert before == PersistentState()


def test_no_change_returns_the_same_object() -> None:
    state = PersistentState().with_halt(HALT).with_record("deepseek", RECORD)
    assert state.with_halt(Halt("deepseek", Reason.DRAWDOWN, 5, detail="again")) is state
    assert state.without_halts(lambda halt: False) is state
    assert state.with_record("deepseek", ModelRecord(high_water_usd=Decimal(1))) is state
    assert state.with_triggered(()) is state


def test_a_model_without_a_record_has_an_empty_one() -> None:
    assert PersistentState().record("qwen") == ModelRecord()
