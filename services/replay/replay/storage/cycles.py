"""Recorded cycles from PostgreSQL: decisions of the contenders' chains, with the snapshots of the market's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection

from common.events import AgentDecision, Event, MarketSnapshot
from common.runtime.record.links import MARKET
from common.runtime.record.reader import iterate_recorded
from replay.domain.cycle import StoredCycle

MOST_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Cycles:
    """Cycles in the order of their times; `incomplete` counts those of which a text is no longer kept."""

    found: tuple[StoredCycle, ...]
    incomplete: int


@dataclass(frozen=True, slots=True)
class Span:
    """The recorded decisions of some contenders: how many each has, the times of the first and the last (market ms)."""

    by_model: Mapping[str, int]
    first_ms: int
    last_ms: int

    @property
    def decisions(self) -> int:
        return sum(self.by_model.values())


async def read_span(
    connection: AsyncConnection[Any], models: Sequence[str], first_ms: int | None, last_ms: int | None
) -> Span | None:
    """What is recorded within the times, where given; None where nothing is."""
    cursor = await connection.execute(
        """SELECT chain, count(*), min(time_ms), max(time_ms) FROM record_links WHERE chain = ANY(%s) AND kind = %s
        AND time_ms BETWEEN %s AND %s GROUP BY chain""",
        (list(models), AgentDecision.TYPE, first_ms or 0, MOST_MS if last_ms is None else last_ms),
    )
    rows = await cursor.fetchall()
    if not rows:
        return None
    _, _, firsts, lasts = zip(*rows, strict=True)
    return Span({model: count for model, count, _, _ in rows}, min(firsts), max(lasts))


async def read_cycles(connection: AsyncConnection[Any], models: Sequence[str], first_ms: int, last_ms: int) -> Cycles:
    """The cycles of these contenders from `first_ms` to `last_ms` (market time), both included.

    Each holds its snapshot in memory: the caller chooses times that bound how many there are.
    """
    snapshots: dict[str, Event[MarketSnapshot]] = {}
    incomplete = 0
    async for recorded in iterate_recorded(connection, MARKET, MarketSnapshot.TYPE, first_ms=first_ms, last_ms=last_ms):
        try:
            event = recorded.event()
        except KeyError:
            continue
        snapshots[event.id] = event
    decisions: list[Event[AgentDecision]] = []
    for model in models:
        async for recorded in iterate_recorded(
            connection, model, AgentDecision.TYPE, first_ms=first_ms, last_ms=last_ms
        ):
            try:
                decision = recorded.event()
            except KeyError:
                incomplete += 1
                continue
            if decision.data.snapshot_id in snapshots:
                decisions.append(decision)
            else:
                incomplete += 1
    denials = await _denial_codes(connection, [each.id for each in decisions])
    decisions.sort(key=lambda each: (each.time_ms, each.data.model))
    found = (StoredCycle(snapshots[each.data.snapshot_id], each, denials.get(each.id)) for each in decisions)
    return Cycles(tuple(found), incomplete)


async def _denial_codes(connection: AsyncConnection[Any], decision_ids: Sequence[str]) -> dict[str, str]:
    cursor = await connection.execute(
        "SELECT id, denial_code FROM ai_decisions WHERE id = ANY(%s) AND denial_code IS NOT NULL", (list(decision_ids),)
    )
    return dict(await cursor.fetchall())


async def read_models(connection: AsyncConnection[Any]) -> tuple[str, ...]:
    """The contenders that have a decision on the record."""
    cursor = await connection.execute(
        """SELECT chain FROM record_heads h WHERE EXISTS (
            SELECT 1 FROM record_links l WHERE l.chain = h.chain AND l.kind = %s
        ) ORDER BY chain""",
        (AgentDecision.TYPE,),
    )
    return tuple(chain for (chain,) in await cursor.fetchall())
