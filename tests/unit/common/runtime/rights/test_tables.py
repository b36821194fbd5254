"""The list of tables names what the migrations and views make, no more and no less."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from common.runtime.rights.tables import OWNERS, READ_ONLY, TABLES, WITHHELD, grants_on

CREATED = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)|ALTER TABLE (\w+) RENAME TO (\w+)|DROP TABLE ([\w\s,]+)")


def sql_of(folder: Traversable) -> list[str]:
    found = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
    return [re.sub(r"--.*", "", entry.read_text("utf-8")) for entry in found if entry.name.endswith(".sql")]


def made_by(owner: str) -> set[str]:
    """What is there after the last migration."""
    made: set[str] = set()
    for script in sql_of(files(owner).joinpath("storage", "migrations")):
        for created, old, new, dropped in CREATED.findall(script):
            made = (made | {created, new}) - {old, *re.findall(r"\w+", dropped), ""}
        partitioned = re.findall(r"CREATE TABLE (\w+) [^;]*PARTITION BY", script)
        made -= {f"{table}_before" for table in partitioned}  # The first partition; its rights are the table's.
    views = "\n".join(sql_of(files(owner).joinpath("views")))
    return made | set(re.findall(r"^CREATE VIEW (\w+)", views, re.MULTILINE))


@pytest.mark.parametrize("owner", OWNERS)
def test_the_list_has_every_table_and_view_of_an_owner(owner: str) -> None:
    assert set(TABLES[owner]) == made_by(owner)


@pytest.mark.parametrize("owner", OWNERS)
def test_readers_are_other_services_with_a_role(owner: str) -> None:
    for table, readers in TABLES[owner].items():
        assert set(readers) <= {*OWNERS, *READ_ONLY} - {owner}
        granted = [each for each in grants_on(table, owner) if each.startswith("GRANT")]
        assert f"aicoin_{owner}" not in " ".join(granted)


@pytest.mark.parametrize("service", [*OWNERS, *READ_ONLY])
def test_a_service_reads_what_the_list_lets_it_read(service: str) -> None:
    own = Path(str(files(service)))
    texts = [path.read_text("utf-8") for path in own.rglob("*") if path.suffix in (".py", ".sql")]
    named = {name for text in texts for name in re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", text)}
    others = {
        table: readers for owner, tables in TABLES.items() if owner != service for table, readers in tables.items()
    }
    assert {table for table in named & others.keys() if service not in others[table]} == set()


def test_what_the_record_holds_is_withheld_from_its_owner_too() -> None:
    for table, rights in WITHHELD.items():
        assert {f"REVOKE {right} ON {table} FROM aicoin_recorder" for right in rights} <= set(
            grants_on(table, "recorder")
        )
