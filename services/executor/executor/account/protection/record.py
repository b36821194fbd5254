"""From memory's queue into the tables: what the protector has sent, what came of it, and its alerts."""

from typing import Any

from common.events import Event
from executor.account.context import AccountContext
from executor.domain.account import Placement
from executor.domain.events import order_accepted, order_rejected
from executor.domain.intent import Intent, OrderResult
from executor.domain.protection import ProtectiveAction
from executor.exchange.errors import UNREADABLE
from executor.exchange.parse import parse_placements


async def record_protection(context: AccountContext) -> None:
    """Records everything that is queued. Called by the worker before fills are, so that they find their orders."""
    memory = context.memory
    if not memory.actions and not memory.alerts:
        return
    for action in list(memory.actions.values()):
        if action.entry is not None and await context.intents.get(action.entry.intent_id) is None:
            context.log.error("an action for an unknown intent", model=context.model, subject=action.subject)
        else:
            results, events = read_outcome(action)
            await context.orders.record_protection(action, results, events)
        memory.take_off(action)
    for alert in list(memory.alerts.values()):
        await context.outbox.append(alert)
        memory.alerts.pop(alert.id, None)
    context.outbox.wake()


def read_outcome(action: ProtectiveAction) -> tuple[dict[str, OrderResult], list[Event[Any]]]:
    """What became of an action's orders. Nothing without an answer that can be read: the exchange is asked later."""
    try:
        placements = parse_placements(action.answer or {}, len(action.legs)) if action.legs else []
    except UNREADABLE:
        return {}, []
    if len(placements) != len(action.legs):
        return {}, []
    results: dict[str, OrderResult] = {}
    events: list[Event[Any]] = []
    for (_, spec), placement in zip(action.legs, placements, strict=True):
        final = None if placement.error is None else "rejected"
        results[spec.client_order_id] = OrderResult(placement.order_id, final)
    if action.entry is not None:
        for number, placement in enumerate(placements):
            events.append(_placement_event(action, action.entry, number, placement))
    return results, events


def _placement_event(action: ProtectiveAction, entry: Intent, number: int, placement: Placement) -> Event[Any]:
    (role, spec), at_ms = action.legs[number], action.answered_ms or action.sent_ms
    if placement.error is not None:
        return order_rejected(entry, role, spec.client_order_id, reason=placement.error, now_ms=at_ms)
    return order_accepted(entry, role, spec, order_id=placement.order_id, status=placement.status, now_ms=at_ms)
