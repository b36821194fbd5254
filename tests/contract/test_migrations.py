"""Migrations are applied once, views whenever their text changes, and all of it or nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.runtime.database import MigrationError, Pool, migrate, open_pool

OWNER = "migrated_service"
TABLE = "CREATE TABLE prices (coin text PRIMARY KEY, price integer NOT NULL);"
VIEWS = {
    "a_total": "CREATE VIEW a_total AS SELECT sum(doubled) AS total FROM doubles;",
    "doubles": "-- Mentions no a_total.\nCREATE VIEW doubles AS SELECT coin, twice(price) AS doubled FROM prices;",
    "twice": "CREATE FUNCTION twice(value numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value * 2;",
}


class Scripts:
    """A service's package with migrations and views, written to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / OWNER
        for each in ("storage/migrations", "views"):
            (self._folder / each).mkdir(parents=True)
        (self._folder / "__init__.py").touch()
        self.write("storage/migrations", {"0001_prices": TABLE})
        self.write("views", VIEWS)

    def write(self, kind: str, scripts: Mapping[str, str]) -> None:
        for name, text in scripts.items():
            (self._folder / kind / f"{name}.sql").write_text(text, encoding="utf-8")

    def remove(self, kind: str, name: str) -> None:
        (self._folder / kind / f"{name}.sql").unlink()


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripts:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, OWNER, raising=False)
    return Scripts(tmp_path)


@pytest.fixture(params=[False, True], ids=["transactions", "autocommit"])
async def pool(database_url: str, scripts: Scripts, request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, autocommit=request.param)
    await migrate(pool, OWNER)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO prices VALUES ('BTC', 3), ('ETH', 4)")
    yield pool
    await pool.close()


async def value(pool: Pool, query: str) -> Any:
    async with pool.connection() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    return None if row is None else row[0]


async def test_views_are_created_after_those_they_mention(pool: Pool) -> None:
    assert await value(pool, "SELECT total FROM a_total") == 14
    places = "SELECT array_agg(name ORDER BY place) FROM schema_views"
    assert await value(pool, places) == ["twice", "doubles", "a_total"]


async def test_unchanged_scripts_change_nothing(pool: Pool) -> None:
    created = "SELECT array_agg((name, created_at)::text ORDER BY name) FROM schema_views"
    before = await value(pool, created)
    assert await migrate(pool, OWNER) == 0
    assert await value(pool, created) == before


async def test_a_view_with_other_columns_replaces_the_old_one(pool: Pool, scripts: Scripts) -> None:
    scripts.write(
        "views",
        {
            "doubles": "CREATE VIEW doubles AS SELECT twice(price)::text AS text, coin FROM prices;",
            "a_total": "CREATE VIEW a_total AS SELECT string_agg(text, '+' ORDER BY text) AS total FROM doubles;",
        },
    )
    assert await migrate(pool, OWNER) == 0
    assert await value(pool, "SELECT total FROM a_total") == "6+8"


async def test_a_function_with_other_arguments_replaces_the_old_one(pool: Pool, scripts: Scripts) -> None:
    scripts.write(
        "views",
        {
            "twice": "CREATE FUNCTION twice(value integer) RETURNS integer LANGUAGE sql RETURN value + value;",
        },
    )
    await migrate(pool, OWNER)
    assert await value(pool, "SELECT count(*) FROM pg_proc WHERE proname = 'twice'") == 1
    assert await value(pool, "SELECT total FROM a_total") == 14


async def test_a_removed_file_removes_its_view(pool: Pool, scripts: Scripts) -> None:
    scripts.remove("views", "a_total")
    await migrate(pool, OWNER)
    assert await value(pool, "SELECT to_regclass('a_total')") is None
    assert await value(pool, "SELECT sum(doubled) FROM doubles") == 14


async def test_a_migration_changes_a_column_that_a_view_shows(pool: Pool, scripts: Scripts) -> None:
    scripts.write("storage/migrations", {"0002_exact": "ALTER TABLE prices ALTER COLUMN price TYPE numeric;"})
    assert await migrate(pool, OWNER) == 1
    assert await value(pool, "SELECT total FROM a_total") == 14


async def test_a_failing_view_leaves_everything_as_it_was(pool: Pool, scripts: Scripts) -> None:
    scripts.write("storage/migrations", {"0002_more": "ALTER TABLE prices ADD COLUMN more integer;"})
    scripts.write("views", {"a_total": "CREATE VIEW a_total AS SELECT missing FROM doubles;"})
    with pytest.raises(Exception, match="missing"):
        await migrate(pool, OWNER)
    assert await value(pool, "SELECT total FROM a_total") == 14
    assert await value(pool, "SELECT count(*) FROM schema_migrations") == 1


async def test_a_view_of_somebody_else_is_not_dropped(pool: Pool, scripts: Scripts) -> None:
    async with pool.connection() as connection:
        await connection.execute("CREATE VIEW report AS SELECT * FROM a_total")
    scripts.write("views", {"a_total": "CREATE VIEW a_total AS SELECT max(doubled) AS total FROM doubles;"})
    with pytest.raises(MigrationError, match="view report depends on view a_total"):
        await migrate(pool, OWNER)
    assert await value(pool, "SELECT total FROM report") == 14


@pytest.mark.parametrize(
    ("views", "reason"),
    [
        ({"twice": "SELECT 1;"}, "views/twice.sql must create the view or function twice and nothing else"),
        ({"other": "CREATE VIEW another AS SELECT 1;"}, "must create the view or function other"),
        ({"first": "CREATE VIEW first AS SELECT 1;\nCREATE VIEW second AS SELECT 1;"}, "and nothing else"),
        ({"doubles": "CREATE VIEW doubles AS SELECT total AS doubled FROM a_total;"}, "mention each other"),
    ],
)
async def test_an_unfit_view_is_refused(pool: Pool, scripts: Scripts, views: dict[str, str], reason: str) -> None:
    scripts.write("views", views)
    with pytest.raises(MigrationError, match=reason):
        await migrate(pool, OWNER)


async def test_a_changed_migration_is_refused(pool: Pool, scripts: Scripts) -> None:
    scripts.write("storage/migrations", {"0001_prices": TABLE + "\n"})
    with pytest.raises(MigrationError, match=r"0001_prices\.sql was changed after it had been applied"):
        await migrate(pool, OWNER)


async def test_a_database_of_a_later_version_is_refused(pool: Pool, scripts: Scripts) -> None:
    scripts.write("storage/migrations", {"0002_later": "SELECT 1;"})
    await migrate(pool, OWNER)
    scripts.remove("storage/migrations", "0002_later")
    with pytest.raises(MigrationError, match=r"'0002_later\.sql'. applied, which this version does not know"):
        await migrate(pool, OWNER)


async def test_services_that_start_together_take_turns(pool: Pool, scripts: Scripts) -> None:
    slow = "SELECT pg_sleep(0.2); ALTER TABLE prices ADD COLUMN slow integer;"
    scripts.write("storage/migrations", {"0002_slow": slow})
    assert sorted(await asyncio.gather(*(migrate(pool, OWNER) for _ in range(3)))) == [0, 0, 1]
