"""What schemas are made of: rows of named fields, choices, lists."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
MONEY: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": "A decimal number"}
KINDS: dict[str, Schema] = {
    "text": {"type": "string"},
    "money": MONEY,
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "ms": {"type": "integer", "description": "Milliseconds since 1970 UTC"},
    "bool": {"type": "boolean"},
}

GAUGES: Final = {
    "daily_loss_percent": "max_daily_loss_percent",
    "drawdown_percent": "max_drawdown_percent",
    "entries_today": "max_daily_trades",
    "open_positions": "max_open_positions",
    "gross_exposure_ratio": "max_gross_exposure_ratio",
    "day_cost_usd": "",
}
"""Each gauge with the limit's name; that of the cost is a setting of the agents."""


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def row(fields: str, **more: Schema) -> Schema:
    """An object with exactly these fields: `name:kind`, followed by a ? where null may stand. A kind that begins with
    a capital is another component."""
    properties: dict[str, Schema] = {}
    for field in fields.split():
        name, _, kind = field.partition(":")
        kind_name = kind.removesuffix("?")
        schema = ref(kind_name) if kind_name[0].isupper() else KINDS[kind_name]
        properties[name] = maybe(schema) if kind.endswith("?") else schema
    properties |= more
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def one_of(values: Iterable[str] | type[StrEnum]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def many(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def maybe(of: Schema) -> Schema:
    return {"anyOf": [of, NULL]}


def by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def statistics_row(fields: str) -> Schema:
    """A row of a statistics view: these columns, and whatever else the view has."""
    return row(fields) | {"additionalProperties": ref("Figure")}


def joined(*rows: Schema) -> Schema:
    """A row with the fields of all these."""
    properties = {name: schema for each in rows for name, schema in each["properties"].items()}
    return rows[0] | {"properties": properties, "required": list(properties)}
