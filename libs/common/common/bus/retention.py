"""Trims streams by age; each stream is trimmed by the service that the catalog names as its first producer."""

from collections.abc import Sequence

from common.bus.port import Bus, Unavailable, WrongKind
from common.events.catalog import CATALOG, StreamSpec, role_of

EVERY_S = 15.0


def streams_trimmed_by(service: str) -> tuple[StreamSpec, ...]:
    """The streams of which `service` is the first producer."""
    return tuple(spec for spec in CATALOG.values() if spec.producers[0] == role_of(service))


async def trim_streams(bus: Bus, specs: Sequence[StreamSpec]) -> list[tuple[StreamSpec, str]]:
    """Trims each stream once; returns the consumer groups that lost unacknowledged entries at a stream's hard cap.

    An unreachable bus ends the round: the next one trims what this one left. A stream whose key holds something else is
    passed over.
    """
    broken: list[tuple[StreamSpec, str]] = []
    for spec in specs:
        try:
            trimmed = await bus.trim(spec.type, retention_ms=spec.retention_ms, hard_cap_entries=spec.hard_cap_entries)
        except WrongKind:
            continue
        except Unavailable:
            break
        broken += [(spec, group) for group in trimmed.broken_groups]
    return broken
