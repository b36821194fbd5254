"""The alert about a trading state: one for each model whose state has changed."""

from common.events import AlertCode, AlertSeverity
from risk.gate.halts import ALL_MODELS, Halt, Reason
from risk.state.state_alerts import state_alerts
from support.risk_examples import NOW_MS, a_tick_event

MODELS = ("deepseek", "qwen")
CAUSE = a_tick_event(at_ms=NOW_MS)
LOSS = Halt("deepseek", Reason.DAILY_LOSS, 0, detail="11 %")


def test_a_change_is_reported_with_its_reasons() -> None:
    (alert,) = state_alerts(CAUSE, MODELS, (), (LOSS,), NOW_MS)
    assert (alert.data.code, alert.data.severity) == (AlertCode.TRADING_STATE, AlertSeverity.WARNING)
    assert alert.data.message == "deepseek went from ACTIVE to REDUCING: DAILY_LOSS (11 %)"


def test_a_second_reason_for_the_same_state_is_not_reported() -> None:
    assert state_alerts(CAUSE, MODELS, (LOSS,), (LOSS, Halt("deepseek", Reason.STOPS, 0)), NOW_MS) == ()


def test_a_halt_of_all_models_is_reported_for_each() -> None:
    alerts = state_alerts(CAUSE, MODELS, (), (Halt(ALL_MODELS, Reason.PERSON, 0),), NOW_MS)
    assert [alert.data.model for alert in alerts] == list(MODELS)
    assert len({alert.id for alert in alerts}) == len(MODELS)


def test_a_return_to_active_is_information() -> None:
    (alert,) = state_alerts(CAUSE, MODELS, (LOSS,), (), NOW_MS)
    assert (alert.data.severity, alert.data.message) == (AlertSeverity.INFO, "deepseek went from REDUCING to ACTIVE")
