"""What the recorder stores is replayed from a real PostgreSQL: byte for byte, and with another strategy."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest
from replay_cycles import COINS, SCRIPTS, START_MS, Agent, recorded_cycles
from redis.asyncio import Redis
from typer.testing import CliRunner

from common.runtime.database import migrate, open_pool
from common.trading.durations import MINUTE_MS
from recorder.handlers import Recorder
from replay.cli import app
from replay.runs.exact import Replayed
from replay.runs.exact_run import run_exactly
from replay.storage.cycles import read_cycles, read_models, read_span
from replay.storage.quotes import read_quotes

CYCLES = 2 * len(SCRIPTS)
MODELS = ("deepseek", "qwen")
T = TypeVar("T")
AGENTS = (Agent(), Agent("qwen", "reversion-v2"))
LAST_MS = START_MS + CYCLES * MINUTE_MS


EVENTS = tuple(recorded_cycles(CYCLES, AGENTS))


async def _store(url: str, redis_url: str) -> None:
    pool = await open_pool(url)
    await migrate(pool, "recorder")
    async with Redis.from_url(redis_url) as redis:
        recorder = Recorder(pool, redis, snapshot_interval_s=300)
        for snapshot, decisions in EVENTS:
            await recorder.store([snapshot, *decisions], decisions[-1].recorded_ms)
    await pool.close()


@pytest.fixture
def record_url(database_url: str, redis_url: str) -> str:
    """A database in which the recorder has stored some cycles of two contenders."""
    asyncio.run(_store(database_url, redis_url))
    return database_url


def read(url: str, reader: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    """What `reader` reads over a new connection."""

    async def run() -> T:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await reader(connection)

    return asyncio.run(run())


def test_the_record_gives_back_each_cycle_with_its_snapshot(record_url: str) -> None:
    assert read(record_url, read_models) == MODELS
    cycles = read(record_url, lambda connection: read_cycles(connection, MODELS, START_MS, LAST_MS))
    expected = [(snapshot, each) for snapshot, decisions in EVENTS for each in decisions]
    assert [(each.snapshot, each.decision) for each in cycles.found] == expected
    assert cycles.incomplete == 0
    quotes = read(record_url, lambda connection: read_quotes(connection, START_MS, LAST_MS))
    assert len(quotes) == CYCLES
    first = EVENTS[0][0].data
    assert quotes[first.boundary_ms].keys() == set(COINS)
    assert quotes[first.boundary_ms][COINS[0]].mid_price == first.coins[COINS[0]].mid_price


def test_every_recorded_decision_comes_out_byte_for_byte(record_url: str) -> None:
    span = read(record_url, lambda connection: read_span(connection, MODELS, None, None))
    assert span is not None
    assert (span.decisions, span.first_ms, span.last_ms) == (2 * CYCLES, START_MS + MINUTE_MS, LAST_MS)
    done: list[int] = []
    report = run_exactly(record_url, MODELS, span, done.append)
    assert report.differences == []
    assert +report.counts == Counter({Replayed.EQUAL.value: 2 * CYCLES})
    assert sum(done) == 2 * CYCLES


def test_the_command_names_what_differs_and_fails(record_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", record_url)
    equal = CliRunner().invoke(app, [])
    assert equal.exit_code == 0, equal.output
    assert f"{2 * CYCLES} equal" in equal.output
    one = CliRunner().invoke(app, ["--contender", "qwen", "--from", str(LAST_MS)])
    assert "1 equal" in one.output
    with psycopg.connect(record_url) as connection:
        connection.execute("DELETE FROM record_blobs WHERE hash IN (SELECT hash FROM record_blobs LIMIT 1)")
    missing = CliRunner().invoke(app, [])
    assert "incomplete" in missing.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--contender", "nobody-else"], "there are: deepseek, qwen"),
        (["--from", "yesterday"], "--from: 'yesterday' is no time"),
        (["--from", "2001-01-01", "--to", "2001-01-02T12:00"], "no decision is recorded within these times"),
        (["--samples", "3"], "--samples compares two strategies"),
        (["--strategy", "no-such-strategy"], "--strategy: no-such-strategy can't be read"),
    ],
)
def test_what_cannot_be_replayed_is_refused_by_name(
    record_url: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", record_url)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert message in done.output
