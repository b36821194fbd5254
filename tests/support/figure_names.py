"""The glossary's names of figures, read for the tests that hold events, rows and tables to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tidy.sources import ROOT

HEADING: Final = "## Names of figures"
STATISTICS: Final = "Statistics are columns"


@dataclass(frozen=True, slots=True)
class Named:
    """One row of the table: its names in code and events, those in columns and rows, and the note that explains two."""

    code: frozenset[str]
    columns: frozenset[str]
    note: str


def glossary_section() -> str:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return text.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]


def names_in(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`(\w+)`", cell))


def named_figures() -> list[Named]:
    """The rows of the table."""
    rows = [line.strip("|").split("|") for line in glossary_section().splitlines() if line.startswith("| ")][1:]
    return [Named(names_in(cells[0]), names_in(cells[1]), cells[3].strip()) for cells in rows]


def statistics() -> frozenset[str]:
    """Columns of the recorder that no event has: those of trade_statistics, and those listed below the table."""
    view = files("recorder").joinpath("views/trade_statistics.sql").read_text(encoding="utf-8")
    return names_in(glossary_section().partition(STATISTICS)[2]) | {*wired_columns(view)}


def wired_columns(text: str) -> Iterator[str]:
    """The columns that a view makes figures of by `wire(…)`, a call that may hold further brackets."""
    text = re.sub(r"--[^\n]*", "", text)
    for start in re.finditer(r"\bwire\(", text):
        depth, place = 1, start.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[place], 0)
            place += 1
        if name := re.match(r"\s+AS (\w+)", text[place:]):
            yield name[1]
