"""What is no longer kept goes by whole weeks, explained on the record; what a trade goes back to stays."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import psycopg
from manual_clock import ManualClock
from recorded_cycles import CYCLE_MS, FIRST_MS, cycles
from recorder_examples import decided, state

from common.events import Action, Event
from common.runtime.database import Pool
from common.runtime.record.links import MARKET
from common.trading.durations import DAY_MS, HOUR_MS
from gateway.storage.queries import Queries
from recorder.config import KeepDays
from recorder.handlers import Recorder
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.verify import Span, chains_of, verify_chain
from recorder.projections.statistics import recompute_all
from recorder.storage.partitions import PRICES, WEEKS_AHEAD, drop_partitions, make_partitions
from recorder.storage.retention import Retention
from recorder.storage.statements import Connection, select

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


async def test_results_go_with_their_decisions_and_the_sums_stay(recorder: Recorder, pool: Pool) -> None:
    old, new = cycles(2), cycles(2, first=LATER)
    await recorder.store([*old, *new], 5_000)
    kept = await read(pool, "SELECT * FROM decision_results ORDER BY decision_id, minutes")
    async with pool.connection() as connection:
        for decision, time_ms in (("gone", FIRST_MS), ("to be seen", new[0].time_ms)):
            await connection.execute(
                b"INSERT INTO decision_results SELECT %s, n, 'qwen', %s, 1 FROM generate_series(1, 1500) n",
                (decision, time_ms),
            )
        await connection.execute(b"INSERT INTO result_hours VALUES (%s, 'qwen', 5, 9, 4, 1.5)", (FIRST_MS,))
    sums = await read(pool, "SELECT * FROM result_hours ORDER BY hour_ms, model, minutes")
    await Retention(pool, ManualClock(), TWO_WEEKS).check(new[-1].recorded_ms)
    assert kept == await read(
        pool, "SELECT * FROM decision_results WHERE decision_id <> 'to be seen' ORDER BY decision_id, minutes"
    )
    late = await read(pool, "SELECT count(*) AS n FROM decision_results WHERE decision_id = 'to be seen'")
    assert late == [{"n": 1_500}]
    assert await read(pool, "SELECT * FROM result_hours ORDER BY hour_ms, model, minutes") == sums


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
    later = cycles(1, first=LATER)
    await recorder.store(later, 5_000)
    await retention.check(later[-1].recorded_ms)
    assert min(made - {"market_prices_rest"}) not in await partitions(pool, "market_prices")
    assert await read(pool, "SELECT DISTINCT time_ms FROM market_prices") == [{"time_ms": later[0].time_ms}]


async def test_nothing_goes_where_everything_is_kept(recorder: Recorder, pool: Pool) -> None:
    old, new = cycles(2), cycles(2, first=LATER)
    await recorder.store([*old, *new], 5_000)
    before = await audit(pool)
    await Retention(pool, ManualClock(), KeepDays()).check(new[-1].recorded_ms + 4_000 * DAY_MS)
    assert await audit(pool) == before


async def counts(pool: Pool) -> list[dict[str, Any]]:
    tables = ("record_blobs", "market_prices", "market_snapshots", "account_snapshots", "ai_decisions", "verdicts")
    return await read(
        pool, " UNION ALL ".join(f"SELECT '{each}' AS name, count(*) AS n FROM {each}" for each in tables)
    )


async def test_a_clock_years_ahead_drops_nothing(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([*cycles(2), state("qwen", FIRST_MS, Decimal(10_000))], 5_000)
    before = await counts(pool)
    assert all(row["n"] for row in before)
    ahead_ms = FIRST_MS + 4_000 * DAY_MS
    retention = Retention(pool, ManualClock(), TWO_WEEKS)
    await retention.check(ahead_ms)
    assert await counts(pool) == before, "by the clock alone"
    wrong = [event.model_copy(update={"recorded_ms": ahead_ms}) for event in cycles(1, first=2)]
    await recorder.store(wrong, 5_000)
    before = await counts(pool)
    await retention.check(ahead_ms)
    assert await counts(pool) == before, "nor when it has recorded since"


async def test_a_market_of_an_earlier_year_is_measured_by_its_days(recorder: Recorder, pool: Pool) -> None:
    def now(events: list[Event[Any]]) -> list[Event[Any]]:
        return [event.model_copy(update={"recorded_ms": event.recorded_ms + 500 * DAY_MS}) for event in events]

    await recorder.store(now([*cycles(2), state("qwen", FIRST_MS, Decimal(10_000))]), 5_000)
    before = await counts(pool)
    retention = Retention(pool, ManualClock(), TWO_WEEKS)
    await retention.check(FIRST_MS + 500 * DAY_MS)
    assert await counts(pool) == before
    later = now(cycles(1, first=LATER))
    await recorder.store(later, 5_000)
    await retention.check(later[-1].recorded_ms)
    assert await read(pool, "SELECT DISTINCT time_ms FROM market_snapshots") == [{"time_ms": later[0].time_ms}]
    assert (await audit(pool)).findings == []


async def test_charts_go_back_before_the_kept_states(recorder: Recorder, pool: Pool) -> None:
    gone = [(FIRST_MS + n * HOUR_MS // 4, Decimal(10_000 - n)) for n in range(40)]
    states = [state(model, *point) for point in gone for model in ("qwen", "deepseek")]
    await recorder.store([*states, *cycles(1)], 5_000)
    late_ms = FIRST_MS + LATER * CYCLE_MS
    kept = [(late_ms + n * 300_000, Decimal(9_000 - n)) for n in range(3)]
    await recorder.store([*(state("qwen", *point) for point in kept), *cycles(1, first=LATER)], 5_000)
    await Retention(pool, ManualClock(), TWO_WEEKS).check(late_ms)
    [oldest] = await read(pool, "SELECT min(time_ms) AS ms FROM account_snapshots")
    assert oldest == {"ms": late_ms}
    queries = Queries(pool)
    for model, points in (("qwen", gone + kept), ("deepseek", gone)):
        for buckets in (10, 100_000):
            found = await queries.equity(model, 0, buckets)
            shown = [(time_ms, Decimal(equity)) for time_ms, equity in found["points"]]
            assert (shown[0], shown[-1]) == (points[0], points[-1])
            deepest = min(Decimal(percent) for _, percent in await queries.drawdown(model, 0, buckets))
            assert deepest == (points[-1][1] / 100 - 100)
    recent = (await queries.equity("qwen", late_ms, 100))["points"]
    assert [time_ms for time_ms, _ in recent] == [time_ms for time_ms, _ in kept], "each state where all are kept"


async def test_decisions_that_are_not_kept_stay_counted(recorder: Recorder, pool: Pool) -> None:
    day_ms = FIRST_MS // DAY_MS * DAY_MS
    held = [decided("qwen", f"c{n}", day_ms + n, action=Action.HOLD, cost_usd=Decimal("0.5")) for n in range(4)]
    await recorder.store([*held, state("qwen", FIRST_MS, Decimal(10_000))], 5_000)
    await recorder.store(cycles(1, first=LATER)[:1], 5_000)
    before = await Queries(pool).leaderboard()
    assert [(row["decisions"], row["cost_usd"]) for row in before] == [(4, "2")]
    await Retention(pool, ManualClock(), TWO_WEEKS).check(FIRST_MS + 28 * DAY_MS)
    assert await read(pool, "SELECT id FROM ai_decisions") == []
    async with pool.connection() as connection:
        await recompute_all(connection)
    assert await Queries(pool).leaderboard() == before


async def test_recorders_that_make_and_drop_at_once_take_turns(pool: Pool) -> None:
    today = FIRST_MS // DAY_MS

    async def both(step: Callable[[Connection], Awaitable[int]]) -> tuple[int, int]:
        """What the first one did, and the second one that began before the first one's transaction had ended."""
        async with pool.connection() as one, pool.connection() as other:
            async with one.transaction():
                first = await step(one)
                second = asyncio.create_task(in_transaction(other, step))
                while not await read(pool, "SELECT 1 FROM pg_locks WHERE NOT granted"):
                    assert not second.done()
            return first, await second

    async def in_transaction(connection: Connection, step: Callable[[Connection], Awaitable[int]]) -> int:
        async with connection.transaction():
            return await step(connection)

    made = await both(lambda connection: make_partitions(connection, PRICES, today))
    dropped = await both(lambda connection: drop_partitions(connection, PRICES, FIRST_MS + 90 * DAY_MS))
    assert (made[0] > 0, dropped[0] > 0) == (True, True)
    assert (made[1], dropped[1]) == (0, 0)
