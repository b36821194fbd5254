"""Which events are on the record, and the row of each: where it is, and what it holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.events import (
    AccountLedger,
    AgentDecision,
    Event,
    MarketSnapshot,
    OrderFilled,
    Payload,
    RiskApproved,
    RiskDenied,
)
from recorder.storage import rows
from recorder.storage.statements import Connection, Row, insert_new


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """The row that an event of one type becomes: its table, the key, and the function that makes it."""

    table: str
    key: str
    make: Callable[[Event[Any]], Row]


LINKED_ROWS: Final[Mapping[type[Payload], LinkedRow]] = {
    MarketSnapshot: LinkedRow("market_snapshots", "cycle_id", rows.snapshot_row),
    AgentDecision: LinkedRow("ai_decisions", "id", rows.decision_row),
    RiskApproved: LinkedRow("verdicts", "id", rows.verdict_row),
    RiskDenied: LinkedRow("verdicts", "id", rows.verdict_row),
    OrderFilled: LinkedRow("fills", "id", rows.fill_row),
    AccountLedger: LinkedRow("account_movements", "id", rows.movement_row),
}
BY_KIND: Final = {payload.TYPE: linked for payload, linked in LINKED_ROWS.items()}


async def insert_linked_rows(connection: Connection, events: Sequence[Event[Any]]) -> list[Event[Any]]:
    """Inserts the rows of events that are on the record; returns those events whose rows were not stored yet.

    They come by type, decisions before verdicts before fills, and within a type as delivered.
    """
    found = []
    for payload, linked in LINKED_ROWS.items():
        made = [(event, linked.make(event)) for event in events if isinstance(event.data, payload)]
        inserted = await insert_new(connection, linked.table, [row for _, row in made], linked.key)
        for event, row in made:
            if row[linked.key] in inserted:
                inserted.remove(row[linked.key])
                found.append(event)
    return found
