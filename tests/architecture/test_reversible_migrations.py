"""Every migration from its owner's first reversible one on has a file that takes it back."""

from common.runtime.database import known_migrations, migrations_of

FIRST_REVERSIBLE = {"recorder": "0020", "risk": "0006"}


def test_each_has_a_file_of_its_name() -> None:
    for owner, first in FIRST_REVERSIBLE.items():
        folder = migrations_of(owner).joinpath("down")
        expected = {name for name in known_migrations(owner) if name >= first}
        assert {entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")} == expected
