"""Every name that the glossary gives for a term stands in the code."""

import re

from tidy.glossary import HEADING
from tidy.sources import ROOT, read_sources

LAST_SECTIONS = "## Tests"


def names_in(text: str) -> set[str]:
    """The words of the names in the second column of the glossary's term tables."""
    rows = [line.strip("|").split("|") for line in text.partition(LAST_SECTIONS)[0].splitlines() if line[:1] == "|"]
    cells = [cells[1] for cells in rows if cells[1].strip() not in ("in code", "---")]
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return {word for name in names for word in re.findall(r"[A-Za-z_]\w*", name)}


def test_every_name_of_the_glossary_is_used() -> None:
    code = [source for source in read_sources() if source.suffix in {".py", ".sql", ".toml", ".yaml"}]
    words = {word for source in code for word in re.findall(r"[A-Za-z_]\w*", source.text)}
    modules = {source.path.rpartition("/")[2].partition(".")[0] for source in code}
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert names_in(glossary) - words - modules == set()


def test_names_are_read_from_the_term_tables_alone() -> None:
    table = "| term | in code | meaning |\n|---|---|---|\n| tick | `MarketTick`, `market.tick` | `x` |\n"
    assert names_in(f"{table}\n{LAST_SECTIONS}\n{table.replace('tick', 'tock')}{HEADING}\n") == {
        "MarketTick",
        "market",
        "tick",
    }
