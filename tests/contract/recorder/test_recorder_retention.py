"""What is no longer kept goes by whole weeks, explained on the record; what a trade goes back to stays."""

from typing import Any

import psycopg
from manual_clock import ManualClock
from recorded_cycles import CYCLE_MS, cycles

from common.runtime.database import Pool
from common.runtime.record.links import MARKET
from common.trading.durations import DAY_MS
from recorder.config import KeepDays
from recorder.handlers import Recorder
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.verify import Span, chains_of, verify_chain
from recorder.storage.partitions import WEEKS_AHEAD
from recorder.storage.retention import Retention
from recorder.storage.statements import select

LATER = 4 * 7 * DAY_MS // CYCLE_MS
TWO_WEEKS = KeepDays(texts=14, decisions=14, prices=14, states=14, alerts=14)


async def read(pool: Pool, query: str) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        return await select(connection, query)


async def audit(pool: Pool) -> Report:
    report = Report()
    async with pool.connection() as connection:
        for chain in await chains_of(connection):
            await verify_chain(connection, report, chain, Span())
    return report


async def partitions(pool: Pool, table: str) -> set[str]:
    query = f"SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '{table}'::regclass"
    return {row["name"] for row in await read(pool, query)}


async def test_rows_that_are_too_old_go_and_the_audit_is_sound(recorder: Recorder, pool: Pool) -> None:
    old, new = cycles(3), cycles(2, first=LATER)
    await recorder.store([*old, *new], 5_000)
    before = await read(pool, "SELECT * FROM ai_decisions ORDER BY id")
    await Retention(pool, ManualClock(), TWO_WEEKS).check(new[-1].recorded_ms)
    report = await audit(pool)
    assert report.findings == []
    assert report.rows_not_kept > 0
    assert await read(pool, "SELECT cycle_id FROM market_snapshots ORDER BY 1") == [
        {"cycle_id": cycle} for cycle in sorted({event.cycle_id for event in new if event.cycle_id})
    ]
    kept = await read(pool, "SELECT * FROM ai_decisions ORDER BY id")
    first_ms = new[0].time_ms
    assert kept == [row for row in before if row["time_ms"] >= first_ms or row["executed"]]
    fills = await read(
        pool, "SELECT count(*) AS n FROM fills f WHERE NOT EXISTS (SELECT FROM verdicts v WHERE v.id = f.intent_id)"
    )
    assert fills == [{"n": 0}]
    days = await read(pool, "SELECT DISTINCT time_ms FROM market_price_days")
    assert len(days) == 1, "a price of the first day stays for the benchmarks' chart"
    notes = await read(
        pool, "SELECT chain, kind FROM record_links WHERE kind LIKE 'record.%dropped'".replace("%", "%%")
    )
    assert {"chain": MARKET, "kind": "record.rows_dropped"} in notes


async def test_a_row_that_is_lost_while_it_is_kept_is_a_fault(
    recorder: Recorder, pool: Pool, database_url: str
) -> None:
    new = cycles(2, first=LATER)
    await recorder.store([*cycles(1), *new], 5_000)
    await Retention(pool, ManualClock(), TWO_WEEKS).check(new[-1].recorded_ms)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute(b"DELETE FROM market_snapshots WHERE time_ms >= %s", (new[0].time_ms,))
    assert {finding.place for finding in (await audit(pool)).findings} == {"market_snapshots"}


async def test_weeks_are_made_ahead_and_dropped_as_a_whole(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(cycles(2), 5_000)
    retention = Retention(pool, ManualClock(), TWO_WEEKS)
    now_ms = cycles(1)[-1].recorded_ms
    await retention.check(now_ms)
    made = await partitions(pool, "market_prices")
    assert len(made) == 1 + 1 + WEEKS_AHEAD
    assert await read(pool, "SELECT count(*) AS n FROM market_prices_rest") == [{"n": 0}], "rows have moved"
    rows = await read(pool, "SELECT count(*) AS n FROM market_prices")
    assert rows[0]["n"] > 0
    await retention.check(now_ms)
    assert await partitions(pool, "market_prices") == made, "a second check makes nothing"
    await retention.check(now_ms + 28 * DAY_MS)
    assert min(made - {"market_prices_rest"}) not in await partitions(pool, "market_prices")
    assert await read(pool, "SELECT count(*) AS n FROM market_prices") == [{"n": 0}]


async def test_nothing_goes_where_everything_is_kept(recorder: Recorder, pool: Pool) -> None:
    old, new = cycles(2), cycles(2, first=LATER)
    await recorder.store([*old, *new], 5_000)
    before = await audit(pool)
    await Retention(pool, ManualClock(), KeepDays()).check(new[-1].recorded_ms + 4_000 * DAY_MS)
    assert await audit(pool) == before
