"""Events go on the record once, in one order, whoever stores them and however often; and come back as they were."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from recorded_cycles import CONTENDERS, CYCLE_MS, FIRST_MS, cycles
from recorder_examples import decided, state
from redis.asyncio import Redis

from common.events import AgentDecision, Event, MarketSnapshot
from common.runtime.database import Pool, migrate, open_pool
from common.runtime.record.links import MARKET, day_of
from common.runtime.record.reader import PAGE_EVENTS, iterate_recorded
from recorder.config import KeepDays
from recorder.handlers import Recorder
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.verify import Span, chains_of, verify_chain
from recorder.storage.linked_rows import LINKED_ROWS
from recorder.storage.retention import Retention
from support.manual_clock import ManualClock

DUMP = Path(__file__).parents[2] / "golden" / "recorder" / "database_0013.sql"
DAY_MS = 86_400_000


@pytest.fixture
async def other_recorder(pool: Pool, redis: Redis) -> Recorder:
    """A second replica, with connections of its own."""
    return Recorder(pool, redis, snapshot_interval_s=300, contenders=CONTENDERS)


async def audit(pool: Pool, span: Span | None = None) -> Report:
    report = Report()
    async with pool.connection() as connection:
        for chain in await chains_of(connection):
            await verify_chain(connection, report, chain, span or Span())
    return report


async def recorded(pool: Pool, payload: type, chain: str, **span: int) -> list[Event[Any]]:
    times = {"first_ms": 0, "last_ms": 2**60} | span
    async with pool.connection() as connection:
        return [each.event() async for each in iterate_recorded(connection, chain, payload.TYPE, **times)]


async def test_events_are_read_as_they_were_sent(recorder: Recorder, pool: Pool) -> None:
    sent = cycles(3)
    await recorder.store(sent, 5_000)
    for payload in LINKED_ROWS:
        for chain in (MARKET, *CONTENDERS):
            expected = [e for e in sent if isinstance(e.data, payload) and getattr(e.data, "model", MARKET) == chain]
            assert await recorded(pool, payload, chain) == expected
    second = FIRST_MS + CYCLE_MS
    [snapshot] = await recorded(pool, MarketSnapshot, MARKET, first_ms=second, last_ms=second)
    assert snapshot.cycle_id == "run-1"


async def test_months_are_read_page_by_page(recorder: Recorder, pool: Pool) -> None:
    sent = [decided("qwen", f"r-{number}", 1_000 + number // 3) for number in range(PAGE_EVENTS + 5)]
    await recorder.store(sent, 5_000)
    assert [event.id for event in await recorded(pool, AgentDecision, "qwen")] == [event.id for event in sent]


async def test_repeats_and_any_order_give_each_event_one_link(recorder: Recorder, pool: Pool) -> None:
    sent = cycles(4)
    mixed, random = sent * 2, Random(5)
    random.shuffle(mixed)
    while mixed:
        size = random.randrange(1, 9)
        await recorder.store(mixed[:size], 5_000)
        mixed = mixed[size:]
    report = await audit(pool)
    assert report.findings == []
    assert report.links == len(sent) + 3


async def test_two_recorders_at_once_build_one_chain(recorder: Recorder, other_recorder: Recorder, pool: Pool) -> None:
    sent = cycles(12)
    shares = [sent[start : start + 5] for start in range(0, len(sent), 4)]  # Neighbors share an event.

    async def store(by: Recorder, batches: list[list[Event[Any]]]) -> None:
        for batch in batches:
            await by.store(batch, 5_000)

    await asyncio.gather(store(recorder, shares[::2]), store(other_recorder, shares[1::2] + shares[:3]))
    report = await audit(pool)
    assert report.findings == []
    assert report.links == len(sent) + 3


async def test_a_batch_that_failed_leaves_nothing_behind(recorder: Recorder, pool: Pool) -> None:
    first, second = cycles(1), cycles(1, first=1)
    await recorder.store(first, 5_000)
    broken = decided("qwen", "r-x", 1_000)
    broken = broken.model_copy(update={"data": broken.data.model_copy(update={"latency_ms": 2**40})})
    with pytest.raises(psycopg.DataError):
        await recorder.store([*second, broken], 5_000)
    await recorder.store(second, 5_000)
    report = await audit(pool)
    assert report.findings == []
    assert report.links == len(first) + len(second) + 3


async def test_a_lost_row_that_is_delivered_again_gets_no_second_link(
    recorder: Recorder, pool: Pool, database_url: str
) -> None:
    sent = cycles(1)
    await recorder.store(sent, 5_000)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("DELETE FROM fills")
    assert (await audit(pool)).faults == 4
    await recorder.store(sent, 5_000)
    assert (await audit(pool)).faults == 0


async def test_rows_of_another_account_of_a_contender_stay_verified(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", FIRST_MS - 1, 1, environment="paper"), *cycles(1)], 5_000)
    await recorder.store([state("qwen", FIRST_MS + 10_000, 1, environment="testnet"), *cycles(1, first=1)], 5_000)
    async with pool.connection() as connection:
        rows = await connection.execute("SELECT model FROM ai_decisions WHERE model LIKE 'qwen%' ORDER BY 1")
        assert await rows.fetchall() == [("qwen",), ("qwen#paper:0xqwen",)]
    assert (await audit(pool)).findings == []


async def test_a_filled_database_begins_its_chains_with_what_it_has(database_url: str, redis: Redis) -> None:
    pool = await open_pool(database_url)
    async with pool.connection() as connection:
        await connection.execute(DUMP.read_bytes())
    await migrate(pool, "recorder")
    await Recorder(pool, redis, snapshot_interval_s=300, contenders=CONTENDERS).store(cycles(1), 5_000)
    assert (await audit(pool)).findings == []
    async with pool.connection() as connection:
        await connection.execute(
            "DELETE FROM ai_decisions WHERE id = (SELECT min(id) FROM ai_decisions WHERE cycle_id = 'r-2')"
        )
    [finding] = (await audit(pool)).findings
    assert finding.fault == "1 rows of before the record are missing"
    await pool.close()


LATER = 4 * 7 * DAY_MS // CYCLE_MS
"""Cycles within which every day of the first one's week is over by more than two weeks."""


async def test_dropped_texts_are_no_longer_kept_and_no_fault(recorder: Recorder, pool: Pool) -> None:
    old, new = cycles(2), cycles(2, first=LATER)
    await recorder.store([*old, *new], 5_000)
    now_ms = new[-1].recorded_ms
    retention = Retention(pool, ManualClock(), KeepDays(texts=14))
    before = await audit(pool)
    assert before.findings == []
    await retention.check(now_ms)
    after = await audit(pool)
    await retention.check(now_ms)
    report = await audit(pool)
    assert report.links == after.links == before.links + 3
    assert report.findings == []
    assert 10 < report.texts_not_kept < report.texts == before.texts
    assert len(await recorded(pool, AgentDecision, "qwen", first_ms=new[0].time_ms)) == 2
    with pytest.raises(KeyError):
        await recorded(pool, AgentDecision, "qwen")


async def test_a_text_that_is_lost_while_it_is_kept_is_a_fault(
    recorder: Recorder, pool: Pool, database_url: str
) -> None:
    old, new = cycles(1), cycles(1, first=LATER)
    await recorder.store([*old, *new], 5_000)
    await Retention(pool, ManualClock(), KeepDays(texts=14)).check(new[-1].recorded_ms)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute(b"DELETE FROM record_blobs WHERE day = %s", (day_of(new[0].recorded_ms),))
    report = await audit(pool)
    assert report.faults == report.texts - report.texts_not_kept > 0


async def test_a_part_is_verified_by_its_time(recorder: Recorder, pool: Pool, database_url: str) -> None:
    for number in range(4):
        await recorder.store(cycles(1, first=number), 5_000)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("UPDATE fills SET price = price + 1 WHERE cycle_id = 'run-2'")
    second, third = FIRST_MS + CYCLE_MS, FIRST_MS + 2 * CYCLE_MS
    assert (await audit(pool, Span(second, third - 1))).findings == []
    assert {finding.place for finding in (await audit(pool, Span(third))).findings} == {"fills.price"}
