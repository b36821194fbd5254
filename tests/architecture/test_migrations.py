"""Migrations are numbered without gaps, and from some number on they define no view: views have files of their own."""

import re
from importlib.resources import files

import pytest

from common.runtime.database import migrations_of

OWNERS = ("executor", "recorder", "risk")
FIRST_NUMBERS = {"recorder": [1, 2, 3, 4, 4, 9]}
"""Where the numbers have not been ascending one by one from 1; see the service's README."""
CREATION = re.compile(r"^\s*CREATE (?:OR REPLACE )?(VIEW|FUNCTION) (\w+)", re.MULTILINE)
"""A migration may make one for itself, if it drops it."""
FIRST_WITHOUT_VIEWS = {"recorder": 15}


def numbered(owner: str) -> list[tuple[int, str]]:
    """(number, text) of each migration, in the order of application."""
    entries = sorted((entry.name, entry) for entry in migrations_of(owner).iterdir() if entry.name.endswith(".sql"))
    for name, _ in entries:
        assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name), name
    return [(int(name[:4]), entry.read_text(encoding="utf-8")) for name, entry in entries]


@pytest.mark.parametrize("owner", OWNERS)
def test_numbers_ascend_one_by_one(owner: str) -> None:
    numbers = [number for number, _ in numbered(owner)]
    first = FIRST_NUMBERS.get(owner, [1])
    assert numbers == [*first, *range(first[-1] + 1, first[-1] + 1 + len(numbers) - len(first))]


@pytest.mark.parametrize("owner", OWNERS)
def test_migrations_define_tables_only(owner: str) -> None:
    for number, text in numbered(owner):
        if number >= FIRST_WITHOUT_VIEWS.get(owner, 1):
            created = set(CREATION.findall(text))
            assert created <= set(re.findall(r"^DROP (VIEW|FUNCTION) (\w+)", text, re.MULTILINE)), number


def test_every_view_is_described() -> None:
    for entry in files("recorder").joinpath("views").iterdir():
        assert entry.read_text(encoding="utf-8").startswith("-- "), entry.name
