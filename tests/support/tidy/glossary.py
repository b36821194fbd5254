"""The words that are not used here, read from the last table of docs/glossary.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from tidy.sources import ROOT

HEADING = "## Words that are not used here"
Scope = Literal["everywhere", "names", "exact"]


@dataclass(frozen=True, slots=True)
class BannedWord:
    """One word or phrase, what stands in its place, where it is searched, and the phrases that may hold it."""

    word: str
    instead: str
    scope: Scope
    allowed: tuple[str, ...]


def parse_glossary(text: str) -> Iterator[BannedWord]:
    """The banned words of a glossary's last section. Raises ValueError for a row that is not of the table's form."""
    for line in text.partition(HEADING)[2].splitlines():
        if not line.startswith("|") or line.startswith(("| word |", "|--")):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[2] not in get_args(Scope):
            raise ValueError(f"not a row of four cells with a known scope: {line}")
        for word in _split(cells[0]):
            yield BannedWord(word, cells[1], cast(Scope, cells[2]), tuple(_split(cells[3])))


def _split(cell: str) -> list[str]:
    return [part for part in re.split(r",\s*", cell) if part]


@cache
def banned_words() -> tuple[BannedWord, ...]:
    """The project's own list."""
    return tuple(parse_glossary((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")))
