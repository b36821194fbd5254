"""What a snapshot and an answer mean for the invalidation conditions of one model. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common.events import (
    AccountUpdated,
    Action,
    AgentDecision,
    AlertSeverity,
    Decision,
    Event,
    MarketSnapshot,
    SystemAlert,
    derive,
)
from common.trading.orders import Side
from risk.durable import Durable
from risk.invalidation import Fired, Watched, came_true_ms, still_holds, wording
from risk.watch import DAY_MS

_SIDES = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


def is_held(account: AccountUpdated | None, watched: Watched) -> bool:
    """Whether the account shows the very position that the condition came with."""
    positions = account.positions if account is not None else ()
    return any(held.intent_id == watched.intent_id for held in positions)


def watch_snapshot(
    durable: Durable,
    model: str,
    account: AccountUpdated | None,
    conditions: Iterable[Watched],
    snapshot: MarketSnapshot,
) -> Durable:
    """With the conditions of what is held that came true, each once.

    One stays remembered while its position is held, and for a day as long as it holds: until then entering again is
    against the model's own words.
    """

    def is_kept(one: Fired) -> bool:
        if one.model != model or is_held(account, one.watched):
            return True
        coin = snapshot.coins.get(one.watched.symbol)
        is_recent = snapshot.boundary_ms - one.closed_ms < DAY_MS
        return is_recent and (coin is None or still_holds(one.watched, coin))

    fired = [one for one in durable.fired if is_kept(one)]
    known = {one.watched.intent_id for one in fired}
    for watched in conditions:
        coin = snapshot.coins.get(watched.symbol)
        if watched.intent_id in known or coin is None or not is_held(account, watched):
            continue
        closed_ms = came_true_ms(watched, coin)
        if closed_ms is not None:
            fired.append(Fired(model, watched, closed_ms, snapshot.boundary_ms))
    return durable.with_fired(fired)


def watch_answer(
    durable: Durable, account: AccountUpdated | None, cause: Event[AgentDecision], now_ms: int
) -> tuple[Durable, tuple[Event[Any], ...]]:
    """An alert per condition that the answer ignores; holding on is reported once, entering again each time."""
    data, decision = cause.data, cause.data.decision
    if decision is None:
        return durable, ()
    alerts: list[Event[Any]] = []
    fired = list(durable.fired)
    for place, one in enumerate(fired):
        if one.model != data.model or data.boundary_ms < one.closed_ms:
            continue
        how = _ignores(one, decision, is_present=is_held(account, one.watched), is_first=_is_first(one, data))
        if how is None:
            continue
        if how == "holds on":
            fired[place] = replace(one, is_reported=True)
        alerts.append(derive(cause, _alert(one, how), now_ms, index=len(alerts)))
    return durable.with_fired(fired), tuple(alerts)


def _is_first(one: Fired, data: AgentDecision) -> bool:
    """The answer to the snapshot that showed the condition: the model may not know that its position is gone."""
    return data.boundary_ms == one.boundary_ms


def _ignores(one: Fired, decision: Decision, *, is_present: bool, is_first: bool) -> str | None:
    watched = one.watched
    if decision.symbol is watched.symbol and _SIDES.get(decision.action) is watched.side and not is_present:
        return "enters again"
    closes_it = decision.action is Action.CLOSE and decision.symbol is watched.symbol
    if closes_it or one.is_reported or not (is_present or is_first):
        return None
    return "holds on"


def _alert(one: Fired, how: str) -> SystemAlert:
    return SystemAlert(
        code="INVALIDATION_IGNORED",
        severity=AlertSeverity.WARNING,
        service="risk",
        model=one.model,
        message=f"{one.model} {how} against its own invalidation condition: {wording(one.watched)}",
        figures={
            "symbol": one.watched.symbol.value,
            "side": one.watched.side.value,
            "condition": wording(one.watched),
            "closed_ms": str(one.closed_ms),
            "intent_id": one.watched.intent_id,
        },
    )
