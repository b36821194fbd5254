"""The alert about a change of a model's trading state."""

from collections.abc import Sequence
from typing import Any

from common.events import AlertCode, AlertSeverity, Event, SystemAlert, derive
from risk.gate.halts import RISK, Halt, TradingState, applicable_to, most_severe


def state_alerts(
    cause: Event[Any], models: Sequence[str], before: Sequence[Halt], after: Sequence[Halt], now_ms: int
) -> tuple[Event[SystemAlert], ...]:
    """One alert per model whose trading state `cause` changes."""
    alerts = []
    for index, model in enumerate(models):
        halts = applicable_to(model, after)
        was, is_now = most_severe(applicable_to(model, before)), most_severe(halts)
        if was is is_now:
            continue
        reasons = ", ".join(f"{halt.reason} ({why})" if (why := _why(halt)) else halt.reason for halt in halts)
        alert = SystemAlert(
            code=AlertCode.TRADING_STATE,
            severity=AlertSeverity.INFO if is_now is TradingState.ACTIVE else AlertSeverity.WARNING,
            service="risk",
            model=model,
            message=f"{model} went from {was} to {is_now}" + (f": {reasons}" if reasons else ""),
            figures={"from": was, "to": is_now},
        )
        alerts.append(derive(cause, alert, now_ms, index=index))
    return tuple(alerts)


def _why(halt: Halt) -> str:
    """Who has given the reason, unless it is risk itself, and what it is in detail."""
    return ": ".join(part for part in ("" if halt.author == RISK else f"by {halt.author}", halt.detail) if part)
