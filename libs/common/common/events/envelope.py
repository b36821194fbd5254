"""The envelope around every event, and the ids by which a repeat is recognized."""

import hashlib
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

ID_HEX_DIGITS = 32


def plain(value: Decimal) -> str:
    """The decimal string of `value` without an exponent, as it stands on the wire."""
    text = str(value)  # Formatting takes three times as long, and hardly any value needs it.
    return text if "E" not in text else format(value, "f")


Amount = Annotated[Decimal, Field(allow_inf_nan=False), PlainSerializer(plain, return_type=str, when_used="json")]
"""A price, size or sum of money: a finite Decimal in code, a decimal string on the wire."""


_set = object.__setattr__
"""A frozen model's own refuses."""


class Fact(BaseModel):
    """A frozen part of an event; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def unchecked(cls, **fields: Any) -> Self:
        """The fact with these fields, all of them, each exactly of its type: nothing is validated or converted.

        A sixth of the cost, for what is built many times over from values that are right already. (`model_construct`
        costs as much as validating.)
        """
        fact = cls.__new__(cls)
        _set(fact, "__dict__", fields)
        _set(fact, "__pydantic_fields_set__", set(fields))
        _set(fact, "__pydantic_extra__", None)
        _set(fact, "__pydantic_private__", None)
        return fact


class Payload(Fact):
    """An event's content; each subclass is one event type and so one stream."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    READS: ClassVar[tuple[int, ...]] = ()
    """Earlier versions that can still be read; `renamed_fields` maps their names."""


def renamed_fields(**names: str) -> Any:
    """A validator that reads a field's earlier name (the keyword) as its present one, for bodies of an earlier version.

    Assign it to a class attribute of a Fact: `_earlier = renamed_fields(leg="intent_kind")`.
    """

    def read(value: Any) -> Any:
        if isinstance(value, dict) and not names.keys().isdisjoint(value):
            return {names.get(name, name): each for name, each in value.items()}
        return value

    return model_validator(mode="before")(read)


P = TypeVar("P", bound=Payload)
P_co = TypeVar("P_co", bound=Payload, covariant=True)


class Event(Fact, Generic[P_co]):
    """One event. `source`, `sequence`, `epoch` and `channel_sequence` are None until the bus has committed it.

    `time_ms` is when it happened: market time, or wall time for reports of orders, alerts and commands.
    `recorded_ms` is the wall time at which the event was made.
    `sequence` counts per producer and stream without gaps since `epoch`, the birth of that counter (µs since 1970).
    `channel_sequence` is set on ws.push only: it counts per channel.
    """

    id: str
    type: str
    version: int
    time_ms: int
    recorded_ms: int
    cycle_id: str | None = None
    cause_id: str | None = None
    data: P_co
    source: str | None = None
    sequence: int | None = None
    epoch: int | None = None
    channel_sequence: int | None = None


def _hashed(parts: tuple[object, ...]) -> str:
    text = "|".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_HEX_DIGITS]


def derived_id(cause_id: str, event_type: str, index: int = 0) -> str:
    """The id of the `index`-th event of a type that follows from a cause: the same for every repeat."""
    return _hashed((cause_id, event_type, index))


def external_id(event_type: str, *keys: object) -> str:
    """The id of an event whose cause is outside, from the outside world's own keys."""
    return _hashed((event_type, *keys))


def derive(cause: Event[Any], payload: P, now_ms: int, *, index: int = 0, time_ms: int | None = None) -> Event[P]:
    """An event that follows from another one: same cycle, cause named, id a function of (cause, type, index)."""
    return Event(
        id=derived_id(cause.id, payload.TYPE, index),
        type=payload.TYPE,
        version=payload.VERSION,
        time_ms=cause.time_ms if time_ms is None else time_ms,
        recorded_ms=now_ms,
        cycle_id=cause.cycle_id,
        cause_id=cause.id,
        data=payload,
    )


def originate(
    payload: P,
    *,
    keys: tuple[object, ...],
    time_ms: int,
    now_ms: int,
    cycle_id: str | None = None,
    cause_id: str | None = None,
) -> Event[P]:
    """An event whose cause is outside; `keys` are the exchange's own keys of what happened and make its id."""
    return Event(
        id=external_id(payload.TYPE, *keys),
        type=payload.TYPE,
        version=payload.VERSION,
        time_ms=time_ms,
        recorded_ms=now_ms,
        cycle_id=cycle_id,
        cause_id=cause_id,
        data=payload,
    )
