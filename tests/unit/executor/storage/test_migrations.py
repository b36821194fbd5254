"""The executor's migrations keep their owner and their numbers."""

from common.runtime.database import migrations_of


def test_migrations_are_found_and_numbered_without_gaps() -> None:
    names = sorted(entry.name for entry in migrations_of("executor").iterdir() if entry.name.endswith(".sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert names[:4] == ["0001_intents.sql", "0002_books.sql", "0003_market_time.sql", "0004_intent_kind.sql"]
