"""What is left for after an intent's first bytes: its orders and its line in the send log. Both follow from its row."""

from executor.bracket import orders_of
from executor.desk import Desk
from executor.orders import insertion
from executor.store import Intent


async def follow_up(desk: Desk, intent: Intent, outcome: str | None = None) -> None:
    """Records them, with what became of the sending where that is known; a repeat changes nothing else."""
    rows = [insertion(intent, role, spec, intent.void_after_ms) for role, spec in orders_of(intent)]
    await desk.intents.follow_up(intent, rows, outcome, desk.clock.now_ms())


async def complete(desk: Desk) -> None:
    """Records what a crash, or another instance, has left out between an intent's first bytes and their outcome."""
    for intent in await desk.intents.unfinished(desk.model):
        if intent.status == "SENT":
            await follow_up(desk, intent)
