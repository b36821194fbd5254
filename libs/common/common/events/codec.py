"""Events to bytes and back; what the bus itself assigns travels beside the body."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.events.catalog import CATALOG
from common.events.envelope import Event

_ASSIGNED = {"source", "sequence", "epoch", "channel_sequence"}


class UnreadableEvent(Exception):
    """Bytes that are no event of the catalogue; never worth a retry."""


@cache
def _adapter(event_type: str) -> TypeAdapter[Event[Any]]:
    spec = CATALOG[event_type]
    return TypeAdapter(Event[spec.payload])  # type: ignore[name-defined]


def encode(event: Event[Any]) -> bytes:
    """The event's body as JSON, without what the commit function assigns."""
    return event.__pydantic_serializer__.to_json(event, exclude=_ASSIGNED)


def decode(
    event_type: str,
    body: bytes,
    *,
    source: str | None = None,
    sequence: int | None = None,
    epoch: int | None = None,
    channel_sequence: int | None = None,
) -> Event[Any]:
    """The event in `body`, with what the bus assigned. Raises UnreadableEvent naming what is wrong."""
    if event_type not in CATALOG:
        raise UnreadableEvent(f"no event type {event_type!r} in the catalogue")
    try:
        event = _adapter(event_type).validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableEvent(f"{event_type}: {place}: {first['msg']}") from error
    if event.type != event_type or event.version != CATALOG[event_type].payload.VERSION:
        raise UnreadableEvent(f"{event_type}: holds {event.type} version {event.version}")
    assigned = {"source": source, "sequence": sequence, "epoch": epoch, "channel_sequence": channel_sequence}
    event.__dict__.update(assigned)  # Nobody else holds the event yet; a copy would cost a third of the decoding.
    return event
