"""Halts: which apply to a model, and the trading state that they ask for."""

import pytest

from risk.gate.halts import ALL_MODELS, ENDED_BY_RESUME, Halt, Reason, TradingState, applicable_to, most_severe

OWN, OTHER, EVERY = (Halt(model, Reason.DAILY_LOSS, 0) for model in ("deepseek", "qwen", ALL_MODELS))


def test_its_own_halts_and_those_of_all_models_apply_to_a_model() -> None:
    assert applicable_to("deepseek", (OWN, OTHER, EVERY)) == (OWN, EVERY)


@pytest.mark.parametrize("reason", list(Reason))
def test_only_what_a_person_ends_halts(reason: Reason) -> None:
    state = TradingState.HALTED if reason in ENDED_BY_RESUME else TradingState.REDUCING
    assert Halt("deepseek", reason, 0).state is state


def test_the_most_severe_halt_decides_the_trading_state() -> None:
    assert most_severe(()) is TradingState.ACTIVE
    assert most_severe((OWN,)) is TradingState.REDUCING
    assert most_severe((OWN, Halt("deepseek", Reason.DRAWDOWN, 0))) is TradingState.HALTED
