"""A change of a model's trading state, said aloud."""

from collections.abc import Sequence
from typing import Any

from common.events import AlertSeverity, Event, SystemAlert, derive
from risk.halts import Halt, TradingState, concerning, worst


def state_alerts(
    cause: Event[Any], models: Sequence[str], before: Sequence[Halt], after: Sequence[Halt], now_ms: int
) -> tuple[Event[SystemAlert], ...]:
    """One alert per model whose trading state is another one after `cause`."""
    alerts = []
    for index, model in enumerate(models):
        halts = concerning(after, model)
        was, is_now = worst(concerning(before, model)), worst(halts)
        if was is is_now:
            continue
        reasons = ", ".join(f"{halt.reason} ({halt.detail})" if halt.detail else halt.reason for halt in halts)
        alert = SystemAlert(
            code="TRADING_STATE",
            severity=AlertSeverity.INFO if is_now is TradingState.ACTIVE else AlertSeverity.WARNING,
            service="risk",
            model=model,
            message=f"{model} went from {was} to {is_now}" + (f": {reasons}" if reasons else ""),
            figures={"from": was, "to": is_now},
        )
        alerts.append(derive(cause, alert, now_ms, index=index))
    return tuple(alerts)
