"""CSV exports over a real table: pages joined without a gap, and cells that a spreadsheet does not run."""

import tracemalloc
from collections.abc import AsyncIterator

import pytest

from common.runtime.database import Pool, open_pool
from gateway.rest.export.csv_file import csv_pages
from gateway.rest.export.tables import EXPORTS, Export
from gateway.storage.queries import Queries

EXPORT = Export(source="notes", time="time_ms", key="id", columns=("id", "time_ms", "text"), texts=frozenset({"text"}))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url)
    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE notes (id text, time_ms bigint, model text, text text)")
    yield pool
    await pool.close()


async def lines_of(pool: Pool, model: str | None = None) -> list[str]:
    pages = [page async for page in csv_pages(EXPORT, model, Queries(pool), page_rows=2)]
    return "".join(pages).splitlines()


@pytest.mark.parametrize("count", [0, 1, 4, 5])
async def test_pages_hold_every_row_once_under_one_header(pool: Pool, count: int) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO notes SELECT 'r' || n, n / 2, 'qwen', 'x' FROM generate_series(0, %s - 1) n", (count,)
        )
    lines = await lines_of(pool)
    assert lines[0] == "id,time_ms,text"
    assert [line.split(",")[0] for line in lines[1:]] == [f"r{n}" for n in range(count)]


async def test_only_the_models_rows_are_exported(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO notes VALUES ('a', 1, 'qwen', 'x'), ('b', 2, 'deepseek', 'y')")
    assert (await lines_of(pool, "deepseek"))[1:] == ["b,2,y"]


async def test_a_text_like_a_formula_is_quoted_and_a_number_is_not(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO notes VALUES ('-1', 5, 'qwen', '=1+1')")
    assert (await lines_of(pool))[1:] == ["-1,5,'=1+1"]


async def test_200_000_rows_take_the_memory_of_a_page(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("CREATE UNIQUE INDEX ON notes (time_ms, id)")
        await connection.execute(
            "INSERT INTO notes SELECT 'r' || n, n, 'qwen', repeat('x', 200) FROM generate_series(0, 199999) n"
        )
    tracemalloc.start()
    lines = size = 0
    async for part in csv_pages(EXPORT, None, Queries(pool)):
        lines += part.count("\n")
        size += len(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines, size > 40_000_000) == (200_001, True)
    assert peak < 8_000_000


def test_an_export_has_its_time_and_key_among_its_columns() -> None:
    for export in EXPORTS.values():
        assert {export.time, export.key} <= set(export.columns)
        assert export.texts <= set(export.all_columns)
