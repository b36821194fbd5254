"""A database that version 0.1.0 filled is migrated: every row keeps its values, and the new columns have theirs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.runtime.database import MigrationError, Pool, known_migrations, migrate, open_pool
from common.trading.growth import Growth
from recorder.config import KeepDays
from recorder.projections import trade_builder
from recorder.projections.results import fill_in_results
from recorder.projections.statistics import recompute_all
from recorder.storage.retention import Retention
from recorder.storage.statements import Connection, Row, select
from support.figure_names import named_figures, statistics
from support.manual_clock import ManualClock
from support.recorder_examples import NOT_COMPUTED_AGAIN

DUMP = Path(__file__).parents[2] / "golden" / "recorder" / "database_0013.sql"
API = {
    "api_accounts": "model",
    "api_alerts": "id",
    "api_benchmarks": "name",
    "api_decisions": "id",
    "api_equity": "model, time_ms",
    "api_fills": "id",
    "api_leaderboard": "model",
    "api_model_statistics": "model",
    "api_orders": "client_order_id",
    "api_positions": "model, symbol",
    "api_trades": "id",
    "equity_points('qwen', 0, 8)": "time_ms, equity",
    "equity_points('qwen', 0, 1000)": "time_ms, equity",
    "drawdown_points('qwen', 0, 8)": "time_ms",
    "drawdown_points('qwen', 0, 1000)": "time_ms",
    "benchmark_points(0, 10)": "time_ms",
}
"""Everything that the gateway reads by name, with a key that orders it."""
RENAMED_COLUMNS = {
    "verdicts": {"leg": "intent_kind", "code": "denial_code"},
    "trades": {"entry_time": "entry_ms", "exit_time": "exit_ms", "gross_pnl": "closed_pnl"},
    "positions": {"opened_at": "opened_ms", "updated_at": "updated_ms", "initial_margin": "margin_used"},
    "account_books": {"realized_pnl": "closed_pnl"},
}
DROPPED_COLUMNS = {"accounts": {"peak"}, "account_snapshots": {"peak"}}
"""What other columns say now: the highest equity without transfers is the highest growth."""
TIME_WEIGHTED = {
    "return_percent",
    "max_drawdown_percent",
    "sharpe",
    "sortino",
    "return_band_low_percent",
    "return_band_high_percent",
    "rank",
    "drawdown",
    "drawdown_ms",
}
"""Figures whose definition has changed for an account into which money was moved, as into that of deepseek."""
COMPUTED_AT_START = {
    "calibration",
    "coin_results",
    "return_hours",
    "btc_hours",
    "btc_excess",
    "btc_excess_low",
    "btc_excess_high",
    "timed_decisions",
}
"""Columns of model_statistics that migrations add empty."""
NEW_TABLES = {
    "btc_hours",
    "decision_results",
    "duel_hours",
    "market_price_days",
    "position_extremes",
    "recorder_epochs",
    "record_blobs",
    "record_heads",
    "record_links",
    "result_hours",
}
FIRST_REVERSIBLE = "0019_record.sql"
"""From the one after it on every migration can be taken back."""
NOW_MS = 1_795_100_000_000
RENAMED_TABLES = {"account_books": "pnl_reconciliations"}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def old_pool(pool: Pool) -> Pool:
    """The database as version 0.1.0 left it."""
    async with pool.connection() as connection:
        await connection.execute(DUMP.read_bytes())
    return pool


async def read(pool: Pool, query: str, *parameters: Any) -> list[Row]:
    async with pool.connection() as connection:
        return await select(connection, query, *parameters)


async def read_tables(pool: Pool) -> dict[str, list[Row]]:
    """Every row of every table of the recorder, by the table's name."""
    tables = await read(
        pool,
        """SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
        AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'schema_%%' ORDER BY relname""",
    )
    return {each["name"]: await read(pool, f"SELECT * FROM {each['name']}") for each in tables}


async def read_api(pool: Pool) -> dict[str, list[Row]]:
    """What REST and WebSocket send."""
    return {
        source: [without_redefined(row) for row in await read(pool, f"SELECT * FROM {source} ORDER BY {key}")]
        for source, key in API.items()
    }


def without_redefined(row: Row) -> Row:
    is_redefined = row.get("model") == "deepseek"
    return {name: value for name, value in row.items() if not (is_redefined and name in TIME_WEIGHTED)}


def columns_of(before: dict[str, list[Row]], after: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of `after` without columns that `before` does not have: later versions may add some."""
    return {
        source: [{name: row[name] for name in old} for old, row in zip(before[source], rows, strict=True)]
        for source, rows in after.items()
    }


def at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC).replace(microsecond=time_ms % 1000 * 1000)


def frozen(rows: list[Row]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


async def test_every_row_keeps_its_values(old_pool: Pool) -> None:
    before = await read_tables(old_pool)
    assert all(before.values()), "the dump leaves a table empty"
    assert await migrate(old_pool, "recorder") == 14
    after = await read_tables(old_pool)
    assert after.keys() == {RENAMED_TABLES.get(name, name) for name in before} | NEW_TABLES
    for table, old_rows in before.items():
        if table == "model_statistics":
            continue
        columns = old_rows[0].keys() - DROPPED_COLUMNS.get(table, set())
        names = {column: RENAMED_COLUMNS.get(table, {}).get(column, column) for column in columns}
        expected = [{names[column]: row[column] for column in columns} for row in old_rows]
        kept = [{name: row[name] for name in names.values()} for row in after[RENAMED_TABLES.get(table, table)]]
        expected, kept = [[without_redefined(row) for row in rows] for rows in (expected, kept)]
        assert frozen(kept) == frozen(expected), table


async def test_the_figures_of_trades_keep_their_values(old_pool: Pool) -> None:
    before = {row["model"]: row for row in await read(old_pool, "SELECT * FROM model_statistics")}
    await migrate(old_pool, "recorder")
    for old in before.values():
        for bound in ("low", "high"):
            old[f"return_band_{bound}"] = old.pop(f"band_{bound}")
    for row in await read(old_pool, "SELECT * FROM model_statistics"):
        old, figures = before[row["model"]], row.pop("trade_figures")
        for name in COMPUTED_AT_START:
            assert row.pop(name) is None, "computed when the recorder starts"
        assert row.items() <= old.items()
        assert figures.keys() == old.keys() - row.keys()
        assert len(figures) == 18
        for name, figure in figures.items():
            assert figure is old[name] is None or abs(float(figure) - float(old[name])) < 1e-8, name


async def test_rest_and_websocket_send_the_same_rows(old_pool: Pool) -> None:
    before = await read_api(old_pool)
    assert all(before.values())
    await migrate(old_pool, "recorder")
    assert columns_of(before, await read_api(old_pool)) == before
    async with old_pool.connection() as connection:
        await recompute_all(connection)
    assert columns_of(before, await read_api(old_pool)) == before


async def test_a_return_across_a_transfer_becomes_time_weighted(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    states = await read(old_pool, "SELECT * FROM account_snapshots WHERE model = 'deepseek' ORDER BY time_ms")
    growth, transfers, peak = Growth.begun_with(states[0]["equity"]), Decimal(0), Decimal(1)
    for each in states:
        growth = growth.with_transfer(each["equity"], each["transfers"] - transfers)
        transfers, peak = each["transfers"], max(peak, growth.at(each["equity"]))
        assert abs(each["growth"] - growth.at(each["equity"])) < Decimal("1e-15")
        assert abs(each["peak_growth"] - peak) < Decimal("1e-15")
    [account] = await read(old_pool, "SELECT * FROM accounts WHERE model = 'deepseek'")
    assert abs(account["growth"] - growth.at(account["equity"])) < Decimal("1e-15")
    assert account["anchor_equity"] == account["equity"]


async def test_new_columns_are_filled_from_what_is_recorded(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    tables = await read_tables(old_pool)
    decisions = {row["id"]: row for row in tables["ai_decisions"]}
    fills = {row["id"]: row for row in tables["fills"]}
    for trade in tables["trades"]:
        decision = decisions.get(trade["decision_id"], {})
        assert trade["confidence"] == decision.get("confidence")
        assert trade["reasoning"] == decision.get("reasoning")
        assert trade["entry_time"] == at(trade["entry_ms"])
        assert trade["exit_time"] == (None if trade["exit_ms"] is None else at(trade["exit_ms"]))
        assert trade["created_at"] == at(fills[trade["id"]]["recorded_ms"] or trade["entry_ms"])
    for position in tables["positions"]:
        assert position["current_price"] == position["mark_price"]
        assert position["notional_value"] == position["notional"]
        assert position["opened_at"] == (None if position["opened_ms"] is None else at(position["opened_ms"]))
        assert position["updated_at"] == at(position["updated_ms"])
    for snapshot in tables["account_snapshots"]:
        assert snapshot["created_at"] == at(snapshot["time_ms"])


async def test_old_decisions_have_the_market_data_that_is_stored(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    rows = await read(old_pool, "SELECT model, cycle_id, market_data FROM ai_decisions")
    shown = {(row["model"], row["cycle_id"]): row["market_data"] for row in rows}
    first = {
        "boundary_ms": 1_795_000_020_000,
        "mid_prices": {"BTC": "91000", "ETH": "3050.5", "SOL": "140.25"},
        "prompt_hash": "p",
    }
    assert shown["qwen", "r-0"] == shown["deepseek", "r-0"] == first
    assert shown["qwen", "r-2"]["mid_prices"]["BTC"] == "91002"
    assert shown["qwen", "r-3"] is None, "a skipped cycle was shown nothing"
    assert shown["deepseek", "r-9"] == {"prompt_hash": "p"}, "the snapshot of this cycle is not stored"


async def test_trades_built_again_are_the_migrated_ones(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    before = await read(old_pool, "SELECT * FROM trades ORDER BY id")
    async with old_pool.connection() as connection:
        fills = await select(connection, "SELECT DISTINCT model, symbol FROM fills")
        await trade_builder.rebuild(connection, [(fill["model"], fill["symbol"], 0) for fill in fills])
    assert await read(old_pool, "SELECT * FROM trades ORDER BY id") == before


async def test_every_figure_of_a_table_is_in_the_glossary(pool: Pool) -> None:
    await migrate(pool, "recorder")
    columns = await read(
        pool,
        """SELECT DISTINCT column_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'numeric'""",
    )
    figures = {row["name"] for row in columns if not row["name"].endswith("_ms")}
    assert len(figures) > 40
    assert figures - {name for figure in named_figures() for name in figure.columns} - statistics() == set()


async def test_a_migrated_schema_equals_a_fresh_one(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    migrated = await describe(old_pool)
    async with old_pool.connection() as connection:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate(old_pool, "recorder")
    assert await describe(old_pool) == migrated


async def begin(connection: Connection) -> None:
    """What the recorder computes when it starts."""
    await recompute_all(connection)
    await fill_in_results(connection)


async def test_a_step_back_and_forth_loses_no_row(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    await Retention(old_pool, ManualClock(), KeepDays()).check(NOW_MS)
    async with old_pool.connection() as connection:
        await connection.execute(NOT_COMPUTED_AGAIN)
        await begin(connection)
    names = list(known_migrations("recorder"))
    rows, schema = await read_tables(old_pool), await describe(old_pool)
    for earlier in (names[-2], FIRST_REVERSIBLE):
        assert await migrate(old_pool, "recorder", to=earlier) == len(names) - names.index(earlier) - 1
        tables = await read_tables(old_pool)
        back = {table: each for table, each in tables.items() if not table.startswith("kept_")}
        assert {table: len(each) for table, each in back.items() if table not in NEW_TABLES} == {
            table: len(each) for table, each in rows.items() if table not in NEW_TABLES
        }
        assert await read(old_pool, "SELECT viewname FROM pg_views WHERE schemaname = 'public'") == []
        await migrate(old_pool, "recorder")
        assert await describe(old_pool) == schema
        async with old_pool.connection() as connection:
            await begin(connection)
        again = await read_tables(old_pool)
        assert {table: frozen(each) for table, each in again.items()} == {
            table: frozen(each) for table, each in rows.items()
        }


async def test_what_can_not_be_taken_back_changes_nothing(old_pool: Pool) -> None:
    await migrate(old_pool, "recorder")
    before = await describe(old_pool)
    with pytest.raises(MigrationError, match=r"0019_record\.sql can't be taken back; restore a backup"):
        await migrate(old_pool, "recorder", to="0018_epochs.sql")
    assert await describe(old_pool) == before


async def describe(pool: Pool) -> dict[str, list[Row]]:
    """Columns by name (their place depends on history), views, functions, indexes and constraints.

    Partitions, which follow from the rows, are left out.
    """
    return {
        "columns": await read(
            pool,
            """SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
            FROM information_schema.columns c JOIN pg_class t ON t.oid = c.table_name::regclass
            WHERE table_schema = 'public' AND NOT t.relispartition ORDER BY table_name, column_name""",
        ),
        "views": await read(
            pool, "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY viewname"
        ),
        "functions": await read(
            pool,
            """SELECT proname, pg_get_functiondef(oid) AS text FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace ORDER BY proname""",
        ),
        "indexes": await read(
            pool,
            """SELECT indexname, indexdef FROM pg_indexes i JOIN pg_class t ON t.oid = i.tablename::regclass
            WHERE schemaname = 'public' AND NOT t.relispartition ORDER BY indexname""",
        ),
        "constraints": await read(
            pool,
            """SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
                AND NOT EXISTS (SELECT FROM pg_class t WHERE t.oid = conrelid AND t.relispartition)
            ORDER BY conname, conrelid::regclass::text""",
        ),
    }
