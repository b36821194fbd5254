"""Whatever is changed, deleted or reordered in what the record covers is found, and named."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from manual_clock import ManualClock
from recorded_cycles import CONTENDERS, CYCLE_MS, FIRST_MS, cycles
from recorder_examples import state

from common.runtime.database import Pool
from common.runtime.record.links import MARKET
from common.runtime.record.reader import read_recorded
from common.trading.durations import DAY_MS
from recorder.config import KeepDays
from recorder.handlers import Recorder
from recorder.monitoring.audit.findings import Finding, Report
from recorder.monitoring.audit.verify import Span, chains_of, verify_chain, verify_heads
from recorder.storage.linked_rows import LINKED_ROWS
from recorder.storage.retention import Retention
from recorder.storage.statements import select

Connection = psycopg.AsyncConnection[Any]
COUNT = 2
TABLES = ("record_links", "record_blobs", "record_heads", *sorted({row.table for row in LINKED_ROWS.values()}))
CHANGES = {
    "text": "coalesce(overlay({0} placing chr(ascii(substr({0}, 1)) # 1) from 1), 'x')",
    "bytea": "coalesce(set_bit({0}, length({0}) * 4, 1 - get_bit({0}, length({0}) * 4)), '\\x01')",
    "bigint": "coalesce({0} # 65536, 1)",
    "integer": "coalesce({0} # 65536, 1)",
    "numeric": "coalesce({0} + 0.00000001, 1)",
    "boolean": "NOT {0}",
    "jsonb": "coalesce(jsonb_build_array({0}), '1')",
    "ARRAY": "array_append({0}, 'x')",
    "timestamp with time zone": "{0} + interval '1 ms'",
}
"""SQL of the smallest change of a value, by its type; NULL becomes a value."""


@pytest.fixture
async def audited(recorder: Recorder, database_url: str) -> AsyncIterator[Connection]:
    """An administrator's connection to a database with a few recorded cycles."""
    await recorder.store(cycles(COUNT), 5_000)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        yield connection


async def audit(connection: Connection, span: Span | None = None) -> Report:
    report = Report()
    for chain in await chains_of(connection):
        await verify_chain(connection, report, chain, span or Span())
    return report


async def test_an_untouched_record_is_sound(audited: Connection) -> None:
    assert await chains_of(audited) == [MARKET, *CONTENDERS]
    report = await audit(audited)
    assert report.findings == []
    assert report.links == 3 + COUNT * 9
    assert report.rows == COUNT * 9
    assert report.texts > COUNT * 10
    assert report.texts_not_kept == 0
    assert {chain: sequence for chain, (sequence, _) in report.heads.items()} == {
        MARKET: 1 + COUNT,
        **dict.fromkeys(CONTENDERS, 1 + COUNT * 4),
    }


@dataclass(frozen=True)
class Column:
    table: str
    name: str
    type: str


async def drop_checks(connection: Connection) -> None:
    """The tables' own conditions would refuse some of the changes."""
    cursor = await connection.execute(
        """SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE contype = 'c' AND conrelid <> 0 AND conislocal"""
    )
    for table, name in await cursor.fetchall():
        await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}".encode())
    await connection.commit()


async def columns(connection: Connection) -> list[Column]:
    cursor = await connection.execute(
        """SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = ANY(%s) AND is_generated = 'NEVER'
        ORDER BY table_name, ordinal_position""",
        (list(TABLES),),
    )
    return [Column(*row) for row in await cursor.fetchall()]


async def test_a_flipped_bit_in_any_column_of_any_row_is_found(audited: Connection) -> None:
    unseen, changed = [], 0
    await drop_checks(audited)
    for column in await columns(audited):
        cursor = await audited.execute(f"SELECT ctid::text FROM {column.table} ORDER BY ctid".encode())
        rows = await cursor.fetchall()
        for (row,) in rows if column.name == "content" else rows[len(rows) // 2 :][:1]:
            change = CHANGES[column.type].format(column.name)
            await audited.execute(
                f"UPDATE {column.table} SET {column.name} = {change} WHERE ctid = %s".encode(), (row,)
            )
            changed += 1
            report = await audit(audited)
            if not any(is_named(finding, column) for finding in report.findings):
                unseen.append((column, row, [str(finding) for finding in report.findings]))
            await audited.rollback()
    assert unseen == []
    assert changed > 100


def is_named(finding: Finding, column: Column) -> bool:
    """Whether a finding says where this column was changed: a blob is named by the place of its text."""
    match column.table:
        case "record_blobs":
            return finding.place.startswith("data.")
        case "record_links":
            return finding.place in ("link", "record", "sequence", "record_links", f"record_links.{column.name}")
        case "record_heads":
            return finding.place in ("record_heads", "record_links")
    return finding.place in (column.table, f"{column.table}.{column.name}")


async def one(connection: Connection, statement: str, *parameters: Any) -> Any:
    """Carries out a statement; the first value that it returns."""
    cursor = await connection.execute(statement.encode(), parameters)
    row = await cursor.fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("table", sorted({row.table for row in LINKED_ROWS.values()}))
async def test_a_deleted_row_is_named(audited: Connection, table: str) -> None:
    linked = next(row for row in LINKED_ROWS.values() if row.table == table)
    key = await one(audited, f"DELETE FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table}) RETURNING {linked.key}")
    findings = (await audit(audited)).findings
    assert f"missing: the row {key}" in {finding.fault for finding in findings if finding.place == table}


@pytest.mark.parametrize(("sequence", "missing"), [(1, "1"), (4, "4"), (1 + COUNT * 4, f"{1 + COUNT * 4}")])
async def test_a_deleted_link_is_named_wherever_it_was(audited: Connection, sequence: int, missing: str) -> None:
    await audited.execute(b"DELETE FROM record_links WHERE chain = 'qwen' AND sequence = %s", (sequence,))
    faults = [finding.fault for finding in (await audit(audited)).findings if finding.chain == "qwen"]
    assert any(fault.startswith(f"missing: {missing}") for fault in faults)


async def test_a_deleted_text_is_named_with_its_decision(audited: Connection) -> None:
    recorded = await one(audited, "SELECT max(event_id) FROM record_links WHERE kind = 'agent.decision'")
    place = "data.prompt.user"
    [event] = (await read_recorded(audited, [recorded])).values()
    wanted = next(each.hash for each in event.record.references if each.place == place)
    await audited.execute(b"DELETE FROM record_blobs WHERE hash = %s", (wanted,))
    findings = (await audit(audited)).findings
    found = {(finding.chain, finding.sequence, finding.place) for finding in findings if "missing" in finding.fault}
    assert (event.record.chain, event.record.sequence, place) in found


async def test_swapped_links_are_named_as_reordered(audited: Connection) -> None:
    for old, new in ((2, 0), (6, 2), (0, 6)):
        await audited.execute(
            b"UPDATE record_links SET sequence = %s WHERE chain = 'qwen' AND sequence = %s", (new, old)
        )
    findings = [finding for finding in (await audit(audited)).findings if finding.chain == "qwen"]
    reordered = {(finding.sequence, finding.fault) for finding in findings if finding.place == "sequence"}
    assert reordered == {
        (2, "reordered: this is link 6 of qwen"),
        (6, "reordered: this is link 2 of qwen"),
    }


async def test_a_row_that_was_never_recorded_is_named(audited: Connection) -> None:
    columns_but_id = [each.name for each in await columns(audited) if each.table == "fills" and each.name != "id"]
    names = ", ".join(columns_but_id)
    statement = f"INSERT INTO fills (id, {names}) SELECT 'forged', {names} FROM fills WHERE model = 'qwen' LIMIT 1"
    await audited.execute(statement.encode())
    [finding] = (await audit(audited)).findings
    assert (finding.chain, finding.place) == ("qwen", "fills")
    assert "forged" in finding.fault


USD = "{coins,0,flow,buy_usd}"


async def copy_with(connection: Connection, table: str, changes: dict[str, str], condition: str) -> None:
    """Copies a row with some columns changed, as SQL."""
    names = [each.name for each in await columns(connection) if each.table == table]
    values = ", ".join(changes.get(name, name) for name in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE {condition} LIMIT 1"
    await connection.execute(statement.encode())


async def test_an_added_row_is_named_also_under_the_id_of_another_event(audited: Connection) -> None:
    verdict = await one(audited, "SELECT id FROM verdicts WHERE model = 'qwen' LIMIT 1")
    await copy_with(audited, "fills", {"id": f"'{verdict}'", "trade_id": "trade_id + 1"}, "model = 'qwen'")
    [finding] = (await audit(audited)).findings
    assert (finding.chain, finding.place) == ("qwen", "fills")
    assert verdict in finding.fault


@pytest.mark.parametrize("table", ["ai_decisions", "verdicts", "fills", "account_movements"])
async def test_a_row_that_was_set_aside_is_named(audited: Connection, table: str) -> None:
    statement = f"UPDATE {table} SET model = 'qwen#testnet:0xa' WHERE ctid IN (SELECT max(ctid) FROM {table})"
    await audited.execute(statement.encode())
    places = {finding.place for finding in (await audit(audited)).findings}
    assert f"{table}.model" in places


@pytest.mark.parametrize(
    "change",
    [
        "jsonb_set(summary, '{coins,0,mid_price}', summary #> '{coins,1,mid_price}')",
        "jsonb_set(summary, '{missed_cycles}', 'false')",
        f"jsonb_set(summary, '{USD}', to_jsonb((summary #>> '{USD}')::numeric + 1e-20))",
    ],
)
async def test_a_change_within_a_rows_json_is_named(audited: Connection, change: str) -> None:
    await audited.execute(f"UPDATE market_snapshots SET summary = {change} WHERE cycle_id = 'run-1'".encode())
    [finding] = (await audit(audited)).findings
    assert finding.place == "market_snapshots.summary"


async def test_a_row_is_still_compared_when_its_texts_are_no_longer_kept(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(cycles(COUNT), 5_000)
    clock = ManualClock(FIRST_MS + 10 * DAY_MS)
    await Retention(pool, clock, KeepDays(texts=2)).check(clock.now_ms())
    async with pool.connection() as connection:
        assert (await audit(connection)).findings == []
        await connection.execute("UPDATE market_snapshots SET time_ms = time_ms + 1 WHERE cycle_id = 'run-1'")
        places = [finding.place for finding in (await audit(connection)).findings]
    assert places == ["market_snapshots.time_ms"]


async def test_rows_of_another_account_are_sound_under_its_name_only(recorder: Recorder, pool: Pool) -> None:
    accounts = [("paper", "0xa"), ("testnet", "0xb"), ("paper", "0xa")]
    for number, (environment, address) in enumerate(accounts):
        begins = state("qwen", FIRST_MS + number * CYCLE_MS - 1, Decimal(10_000))
        data = begins.data.model_copy(update={"environment": environment, "address": address})
        await recorder.store([begins.model_copy(update={"data": data})], 5_000)
        await recorder.store(cycles(1, first=number), 5_000)
    async with pool.connection() as connection:
        models = {row["model"] for row in await select(connection, "SELECT model FROM fills")}
        assert models == {"deepseek", "qwen", "qwen#testnet:0xb"}
        assert (await audit(connection)).findings == []
        await connection.execute("UPDATE fills SET model = 'qwen' WHERE model = 'qwen#testnet:0xb'")
        [finding] = (await audit(connection)).findings
    assert (finding.place, finding.cycle_id) == ("fills.model", "run-1")


async def test_a_rewritten_chain_is_found_by_a_noted_head_alone(audited: Connection, recorder: Recorder) -> None:
    noted = (await audit(audited)).heads
    for table in TABLES:
        await audited.execute(f"DELETE FROM {table}".encode())
    await audited.commit()
    await recorder.forget()
    await recorder.store(cycles(COUNT, first=1), 5_000)
    assert (await audit(audited)).findings == []
    report = Report()
    await verify_heads(audited, report, noted)
    assert {finding.chain for finding in report.findings} == {MARKET, *CONTENDERS}
