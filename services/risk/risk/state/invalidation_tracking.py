"""What a snapshot and an answer mean for one model's invalidation conditions. Pure.

A condition passes through three states. *Tracked*: its entry is unfinished or held, and each snapshot is searched for a
closed candle at which the condition is true. *Triggered*: such a candle was found; the handlers close the position, and
repeat the exit while an account state still shows it. *Forgotten*: the position is closed, and a day has passed or the
condition no longer holds. While a condition is triggered, an answer of the model that holds on to the position or
enters again on that side is reported by an alert; the model's decision is judged as any other.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common.events import (
    AccountUpdated,
    Action,
    AgentDecision,
    AlertCode,
    AlertSeverity,
    Decision,
    Event,
    MarketSnapshot,
    SystemAlert,
    derive,
)
from common.trading.durations import DAY_MS
from common.trading.orders import Side
from risk.state.invalidation import TrackedCondition, TriggeredCondition, still_holds, triggered_ms, wording
from risk.state.persistent_state import PersistentState

_SIDES = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


def is_held(account: AccountUpdated | None, tracked: TrackedCondition) -> bool:
    """Whether the account shows the position of the entry that carried the condition."""
    positions = account.positions if account is not None else ()
    return any(held.intent_id == tracked.intent_id for held in positions)


def apply_snapshot(
    persistent: PersistentState,
    model: str,
    account: AccountUpdated | None,
    conditions: Iterable[TrackedCondition],
    snapshot: MarketSnapshot,
) -> PersistentState:
    """With the conditions of held positions that the snapshot triggers, each once, and without those to forget."""

    def is_kept(one: TriggeredCondition) -> bool:
        if one.model != model or is_held(account, one.tracked):
            return True
        coin = snapshot.coins.get(one.tracked.symbol)
        is_recent = snapshot.boundary_ms - one.closed_ms < DAY_MS
        return is_recent and (coin is None or still_holds(one.tracked, coin))

    triggered = [one for one in persistent.triggered if is_kept(one)]
    known = {one.tracked.intent_id for one in triggered}
    for tracked in conditions:
        coin = snapshot.coins.get(tracked.symbol)
        if tracked.intent_id in known or coin is None or not is_held(account, tracked):
            continue
        closed_ms = triggered_ms(tracked, coin)
        if closed_ms is not None:
            triggered.append(TriggeredCondition(model, tracked, closed_ms, snapshot.boundary_ms))
    return persistent.with_triggered(triggered)


def apply_answer(
    persistent: PersistentState, account: AccountUpdated | None, cause: Event[AgentDecision], now_ms: int
) -> tuple[PersistentState, tuple[Event[Any], ...]]:
    """An alert per condition that the answer ignores; holding on is reported once, entering again each time."""
    data, decision = cause.data, cause.data.decision
    if decision is None:
        return persistent, ()
    alerts: list[Event[Any]] = []
    triggered = list(persistent.triggered)
    for place, one in enumerate(triggered):
        if one.model != data.model or data.boundary_ms < one.closed_ms:
            continue
        offence = _offence(one, decision, is_present=is_held(account, one.tracked), is_first=_is_first(one, data))
        if offence is None:
            continue
        if offence == "holds on":
            triggered[place] = replace(one, is_reported=True)
        alerts.append(derive(cause, _alert(one, offence), now_ms, index=len(alerts)))
    return persistent.with_triggered(triggered), tuple(alerts)


def _is_first(one: TriggeredCondition, data: AgentDecision) -> bool:
    """The answer to the snapshot that showed the condition: the model may not know that its position is closed."""
    return data.boundary_ms == one.boundary_ms


def _offence(one: TriggeredCondition, decision: Decision, *, is_present: bool, is_first: bool) -> str | None:
    """How the decision goes against the condition, or None."""
    tracked = one.tracked
    if decision.symbol is tracked.symbol and _SIDES.get(decision.action) is tracked.side and not is_present:
        return "enters again"
    closes_it = decision.action is Action.CLOSE and decision.symbol is tracked.symbol
    if closes_it or one.is_reported or not (is_present or is_first):
        return None
    return "holds on"


def _alert(one: TriggeredCondition, offence: str) -> SystemAlert:
    return SystemAlert(
        code=AlertCode.INVALIDATION_IGNORED,
        severity=AlertSeverity.WARNING,
        service="risk",
        model=one.model,
        message=f"{one.model} {offence} against its own invalidation condition: {wording(one.tracked)}",
        figures={
            "symbol": one.tracked.symbol.value,
            "side": one.tracked.side.value,
            "condition": wording(one.tracked),
            "closed_ms": str(one.closed_ms),
            "intent_id": one.tracked.intent_id,
        },
    )
