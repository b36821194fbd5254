"""docs/events.md, generated from the catalog: `python -m common.events.document > docs/events.md`."""

import inspect
import sys
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from common.events.catalog import CATALOG, StreamSpec
from common.events.envelope import Event, Payload
from common.trading.durations import HOUR_MS

HEADER = """# Events

Generated from `common.events.catalog` by `make docs`; a test checks that it is current. One stream carries one event
type. Money, prices and sizes are decimal strings, times are milliseconds since 1970 UTC, `…| null` may be absent.

An entry of a stream has the fields `event` (the envelope below as JSON), and what the commit function assigns:
`source`, `sequence` (per producer and stream, without gaps), `epoch` (birth of that counter, in µs) and, on `ws.push`,
`channel_sequence` (per channel). `<stream>.dead` holds what could not be handled, with `dead_reason`.

Unacknowledged entries outlive the retention up to the cap; at the cap the slowest group is declared broken, with an
alert.
"""


def describe_type(annotation: Any) -> str:
    """A type as the documentation names it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    name: str = getattr(origin or annotation, "__name__", str(annotation))
    if not arguments:
        return {"Decimal": "decimal", "P_co": "the payload below"}.get(name, name)
    if origin is Annotated:
        return describe_type(arguments[0])
    if origin is Literal:
        return " | ".join(repr(argument) for argument in arguments)
    inner = [describe_type(argument) for argument in arguments if argument is not Ellipsis]
    if origin in (Union, UnionType):
        return " | ".join(inner)
    return f"{name}[{', '.join(inner)}]"


def _fields(model: Any) -> list[str]:
    lines = ["| field | type |", "|---|---|"]
    for name, field in model.model_fields.items():
        kind = describe_type(field.annotation).replace("|", "\\|")
        lines.append(f"| `{name}` | {kind} |")
    return lines


def _summary(spec: StreamSpec) -> str:
    consumers = ", ".join(spec.consumers) or "none: every gateway reads all of it"
    hours = spec.retention_ms / HOUR_MS
    return (
        f"Producers: {', '.join(spec.producers)}. Consumer groups: {consumers}. Key: {spec.key or '–'}. "
        f"Version {spec.payload.VERSION}. Kept {hours:g} h, at most {spec.hard_cap_entries:,} entries. "
        f"Repeated ids are {'dropped' if spec.deduplicated else 'let through: only the latest state counts'}."
    )


def parts_of(payload: type[Payload]) -> list[Any]:
    """The nested facts of a payload, in the order in which they appear."""
    found: list[Any] = []

    def visit(annotation: Any) -> None:
        for argument in get_args(annotation):
            visit(argument)
        if isinstance(annotation, type) and hasattr(annotation, "model_fields") and annotation not in found:
            found.append(annotation)
            for field in annotation.model_fields.values():
                visit(field.annotation)

    for field in payload.model_fields.values():
        visit(field.annotation)
    return found


def render() -> str:
    """The whole page."""
    lines = [*HEADER.splitlines(), "", "## The envelope", "", *_fields(Event), ""]
    for spec in CATALOG.values():
        doc = inspect.cleandoc(spec.payload.__doc__ or "")
        lines += [f"## `{spec.type}`", "", doc, "", _summary(spec), "", *_fields(spec.payload), ""]
    parts = dict.fromkeys(part for spec in CATALOG.values() for part in parts_of(spec.payload))
    lines += ["# Parts", ""]
    for part in parts:
        lines += [
            f"## {part.__name__}",
            "",
            inspect.cleandoc(part.__dict__.get("__doc__") or ""),
            "",
            *_fields(part),
            "",
        ]
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
