"""Takes closes that were sent without the database over into the tables, before their fills are booked."""

from typing import Any

from common.events import AlertSeverity, Event, OrderRole
from executor import facts
from executor.desk import Desk
from executor.journal import SentClose
from executor.parse import UNREADABLE, Placed, placed_of
from executor.store import Intent


async def take_over_closes(desk: Desk) -> None:
    """Each as the guard records its own: order, line of the send log, answer and alert. A repeat changes nothing."""
    taken = dict(desk.journal.closes)
    alerted: set[str] = set()
    for close in taken.values():
        intent = await desk.intents.get(close.intent_id)
        if intent is None:
            desk.log.error("a close of an unknown intent", model=desk.model, intent_id=close.intent_id)
            continue
        placed = answered(close)
        events = [] if placed is None else [_answer(intent, close, placed.error, placed.order_id, placed.status)]
        if close.intent_id not in alerted:
            events.append(_alert(intent, close))
            alerted.add(close.intent_id)
        order_id = None if placed is None else placed.order_id
        final = "rejected" if placed is not None and placed.error is not None else None
        await desk.orders.take_over(intent, close, order_id, final, events)
    if taken:
        desk.journal.forget(taken)
        desk.outbox.wake()


def answered(close: SentClose) -> Placed | None:
    """None when there was no answer, or one that can't be read: the exchange is asked by client order id later."""
    try:
        return None if close.answer is None else placed_of(close.answer, 1)[0]
    except UNREADABLE:
        return None


def _answer(intent: Intent, close: SentClose, error: str | None, order_id: int | None, status: str) -> Event[Any]:
    at_ms = close.answered_ms or close.sent_ms
    if error is not None:
        return facts.rejected(intent, OrderRole.FLATTEN, close.spec.client_order_id, error, at_ms)
    return facts.accepted(intent, OrderRole.FLATTEN, close.spec, order_id, status, at_ms)


def _alert(intent: Intent, close: SentClose) -> Event[Any]:
    return facts.alert(
        "UNPROTECTED_CLOSED",
        AlertSeverity.CRITICAL,
        f"{close.spec.symbol} had no confirmed stop and was closed while the database was away",
        model=intent.model,
        key=close.spec.client_order_id,
        now_ms=close.sent_ms,
        symbol=close.spec.symbol.value,
        size_coin=str(close.spec.size_coin),
    )
