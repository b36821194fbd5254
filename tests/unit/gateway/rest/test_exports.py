"""CSV exports: pages joined without a gap, and cells that a spreadsheet does not run."""

from typing import Any

import pytest

from gateway.rest.exports import EXPORTS, Export, csv_pages

EXPORT = Export(source="view", time="time_ms", key="id", columns=("id", "time_ms", "text"), texts=frozenset({"text"}))


class Rows:
    """Takes the place of the queries: pages of rows in memory."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    async def page_of(self, *arguments: Any) -> list[dict[str, Any]]:
        after, limit = arguments[-2:]
        return [row for row in self._rows if (row["time_ms"], row["id"]) > after][:limit]


@pytest.mark.parametrize("count", [0, 1, 3, 4])
async def test_pages_hold_every_row_once_under_one_header(count: int) -> None:
    rows = [{"id": f"r{n}", "time_ms": n // 2, "text": "x"} for n in range(count)]
    pages = [page async for page in csv_pages(EXPORT, None, Rows(rows), page_rows=2)]  # type: ignore[arg-type]
    lines = "".join(pages).splitlines()
    assert lines[0] == "id,time_ms,text"
    assert [line.split(",")[0] for line in lines[1:]] == [row["id"] for row in rows]


async def test_a_text_like_a_formula_is_quoted_and_a_number_is_not() -> None:
    rows = [{"id": "-1", "time_ms": 5, "text": "=1+1"}]
    [page] = [page async for page in csv_pages(EXPORT, None, Rows(rows))]  # type: ignore[arg-type]
    assert page.splitlines()[1] == "-1,5,'=1+1"


def test_an_export_has_its_time_and_key_among_its_columns() -> None:
    for export in EXPORTS.values():
        assert {export.time, export.key} <= set(export.columns)
        assert export.texts <= set(export.columns)
