"""One name per figure: each of an event, a view or a row of REST stands in the glossary's "Names of figures"."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from tidy.sources import read_sources

from common.events.catalog import CATALOG
from common.events.document import describe_type, parts_of
from gateway.rest.schemas import components
from support.figure_names import named_figures, statistics, wired_columns

UNITS: Final = ("_usd", "_coin")


def event_figures() -> set[str]:
    """Every field of an event, or of a part of one, that holds a decimal or a float."""
    payloads = [spec.payload for spec in CATALOG.values()]
    models = [*payloads, *(part for payload in payloads for part in parts_of(payload))]
    return {
        name
        for model in models
        for name, field in model.model_fields.items()
        if re.search(r"\b(decimal|float)\b", describe_type(field.annotation))
    }


def row_figures() -> set[str]:
    """Every field of the OpenAPI document's components that holds a decimal string or a float."""
    return {name for schema in components(None).values() for name in _figures_of(schema)} - {"per_hour"}


def _figures_of(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _figures_of(each)
    elif isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            options = field.get("anyOf", [field])
            if any(each.get("description") == "A decimal number" or each.get("type") == "number" for each in options):
                yield name
        for each in schema.values():
            yield from _figures_of(each)


def view_figures() -> set[str]:
    """Every column that a view makes a figure of."""
    views = files("recorder").joinpath("views").iterdir()
    return {name for entry in views for name in wired_columns(entry.read_text(encoding="utf-8"))}


def without_unit(name: str) -> str:
    return next((name.removesuffix(unit) for unit in UNITS if name.endswith(unit)), name)


def test_every_figure_of_an_event_is_in_the_glossary() -> None:
    listed = {name for figure in named_figures() for name in figure.code}
    assert len(listed) > 50
    assert event_figures() - listed == set()


def test_every_figure_of_a_row_or_view_is_in_the_glossary() -> None:
    listed = {name for figure in named_figures() for name in figure.columns} | statistics()
    assert len(view_figures()) > 50
    assert (row_figures() | view_figures()) - listed == set()


def test_no_name_of_the_glossary_stands_for_two_figures() -> None:
    for names in ([figure.code for figure in named_figures()], [figure.columns for figure in named_figures()]):
        every = [name for row in names for name in row]
        assert len(every) == len(set(every)), sorted({name for name in every if every.count(name) > 1})


def test_two_names_of_one_figure_are_explained() -> None:
    for figure in named_figures():
        expected = {without_unit(name) for name in figure.code}
        if figure.code and figure.columns and figure.columns not in (figure.code, expected):
            assert figure.note, f"{sorted(figure.code)} is {sorted(figure.columns)} in rows: say why"


def test_every_listed_name_is_in_use() -> None:
    sources = [source for source in read_sources() if source.suffix in {".py", ".sql"}]
    words = {word for each in sources if not each.path.startswith("tests/") for word in re.findall(r"\w+", each.text)}
    assert {name for figure in named_figures() for name in figure.code | figure.columns} - words == set()
