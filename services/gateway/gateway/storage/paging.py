"""Lists paged by key: time and id, newest first."""

from collections.abc import Mapping
from typing import Any

from gateway.http.parameters import Cursor, format_cursor


def conditions_of(equal: Mapping[str, str | None], time_column: str, before: Cursor | None) -> tuple[str, list[Any]]:
    """A WHERE clause with its values: columns and what they equal (None is any), and only rows before a cursor."""
    conditions, values = [], []
    for column, value in equal.items():
        if value is not None:
            conditions.append(f"{column} = %s")
            values.append(value)
    parameters: list[Any] = list(values)
    if before is not None:
        conditions.append(f"({time_column}, id) < (%s, %s)")
        parameters += before
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), parameters


def page_of_rows(rows: list[dict[str, Any]], limit: int, time_column: str) -> tuple[list[dict[str, Any]], str | None]:
    """The first `limit` rows, newest first, and the cursor of the page after them where there are more."""
    shown = rows[:limit]
    is_more = len(rows) > limit
    return shown, format_cursor(shown[-1][time_column], shown[-1]["id"]) if is_more else None
