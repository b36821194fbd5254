"""Events to bytes and back; what the bus itself assigns travels beside the body."""

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.events.catalog import CATALOG
from common.events.envelope import Event

_ASSIGNED = {"source", "sequence", "epoch", "channel_sequence"}


MAX_EVENT_BYTES = 8 * 1024 * 1024
"""More than any event has; the largest is a snapshot with the candles of all coins."""


class UnreadableEvent(Exception):
    """Bytes that are no event of the catalog; never worth a retry."""


class UnusableEvent(Exception):
    """An event about something that does not exist here, such as an account; its handler has changed nothing."""


@cache
def _reading(event_type: str) -> tuple[Callable[[bytes], Event[Any]], tuple[int, ...]]:
    """The validating parser of an event type, and the versions that it reads. Raises UnreadableEvent."""
    if event_type not in CATALOG:
        raise UnreadableEvent(f"no event type {event_type!r} in the catalog")
    payload = CATALOG[event_type].payload
    return TypeAdapter(Event[payload]).validator.validate_json, (payload.VERSION, *payload.READS)  # type: ignore[valid-type]


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
    read, versions = _reading(event_type)
    if len(body) > MAX_EVENT_BYTES:
        raise UnreadableEvent(f"{event_type}: {len(body)} bytes, more than an event has")
    try:
        event = read(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableEvent(f"{event_type}: {place}: {first['msg']}") from error
    if event.type != event_type or event.version not in versions:
        raise UnreadableEvent(f"{event_type}: holds {event.type} version {event.version}")
    # No one else holds the event yet; a copy would cost a third of the decoding.
    event.__dict__.update(
        version=versions[0], source=source, sequence=sequence, epoch=epoch, channel_sequence=channel_sequence
    )
    return event
