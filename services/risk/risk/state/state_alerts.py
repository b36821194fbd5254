"""The alerts about a change of a model's trading state, and about a close that closes nothing."""

from collections.abc import Sequence
from typing import Any, Final

from common.events import (
    AccountPosition,
    AccountUpdated,
    AlertCode,
    AlertSeverity,
    ControlCommand,
    Event,
    SystemAlert,
    derive,
)
from risk.gate.halts import RISK, Halt, TradingState, applicable_to, most_severe

CLOSE_VALID_MS: Final = 60_000
"""How old a person's close may be, wall time: another position may stand there by then."""


def close_alerts(
    cause: Event[ControlCommand], account: AccountUpdated | None, now_ms: int
) -> tuple[Event[SystemAlert], ...]:
    """One alert where a person's close closes nothing, which says why; none where the account holds what it names."""
    model, symbol, age_ms = cause.data.model, cause.data.symbol, now_ms - cause.time_ms
    if age_ms > CLOSE_VALID_MS:
        why = f"it came {age_ms // 1_000} s after it was given; give it again if it is still meant"
    elif account is None:
        why = "no account state is known"
    elif (held := next((each for each in account.positions if each.symbol is symbol), None)) is None:
        why = "no such position is held"
    elif not _is_named(held, cause.data):
        why = f"the {held.side} of {held.cycle_id or 'no entry'} that is held now is another position"
    else:
        return ()
    alert = SystemAlert(
        code=AlertCode.CLOSE_IGNORED,
        severity=AlertSeverity.WARNING,
        service="risk",
        model=model,
        message=f"the close of {model} {symbol} by {cause.data.requested_by} closes nothing: {why}",
        figures={"symbol": str(symbol), "age_ms": str(age_ms)},
    )
    return (derive(cause, alert, now_ms),)


def _is_named(held: AccountPosition, close: ControlCommand) -> bool:
    """Whether a position is the one that a close means, as far as the close says."""
    is_side = close.side in (None, held.side)
    return is_side and close.entry_cycle_id in (None, held.cycle_id or "")


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
