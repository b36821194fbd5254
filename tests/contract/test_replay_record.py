"""What the recorder stores is replayed from a real PostgreSQL: byte for byte, and with another strategy."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from click.testing import Result
from recorded_cycles import CONTENDERS
from redis.asyncio import Redis
from replay_cycles import COINS, SCRIPTS, START_MS, Agent, recorded_cycles
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from common.events import AgentDecision, Event, MarketSnapshot
from common.runtime.database import migrate, open_pool
from common.trading.durations import MINUTE_MS
from recorder.handlers import Recorder
from replay.cli import app
from replay.runs.exact import Replayed
from replay.runs.exact_run import run_exactly
from replay.storage.cycles import read_cycles, read_models, read_span
from replay.storage.quotes import read_quotes
from support.model_servers import completion, serving_beside
from support.simulator_process import ForkedSimulator

CYCLES = 2 * len(SCRIPTS)
MODELS = ("deepseek", "qwen")
T = TypeVar("T")
AGENTS = (Agent(), Agent("qwen", "reversion-v2"))
LAST_MS = START_MS + CYCLES * MINUTE_MS
Cycles = tuple[tuple[Event[MarketSnapshot], list[Event[AgentDecision]]], ...]


@cache
def events() -> Cycles:
    """Made outside of any event loop."""
    return tuple(recorded_cycles(CYCLES, AGENTS))


async def _store(url: str, redis_url: str, cycles: Cycles) -> None:
    pool = await open_pool(url)
    await migrate(pool, "recorder")
    async with Redis.from_url(redis_url) as redis:
        recorder = Recorder(pool, redis, snapshot_interval_s=300, contenders=CONTENDERS)
        for snapshot, decisions in cycles:
            await recorder.store([snapshot, *decisions], decisions[-1].recorded_ms)
    await pool.close()


@pytest.fixture
def record_url(database_url: str, redis_url: str) -> str:
    """A database in which the recorder has stored some cycles of two contenders."""
    asyncio.run(_store(database_url, redis_url, events()))
    return database_url


def read(url: str, reader: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    """What `reader` reads over a new connection."""

    async def run() -> T:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await reader(connection)

    return asyncio.run(run())


def run(monkeypatch: pytest.MonkeyPatch, url: str, *arguments: str) -> Result:
    """Runs the command on a database."""
    monkeypatch.setenv("DATABASE_URL", url)
    return CliRunner().invoke(app, arguments)


def test_the_record_gives_back_each_cycle_with_its_snapshot(record_url: str) -> None:
    assert read(record_url, read_models) == MODELS
    cycles = read(record_url, lambda connection: read_cycles(connection, MODELS, START_MS, LAST_MS))
    expected = [(snapshot, each) for snapshot, decisions in events() for each in decisions]
    assert [(each.snapshot, each.decision) for each in cycles.found] == expected
    assert cycles.incomplete == 0
    quotes = read(record_url, lambda connection: read_quotes(connection, START_MS, LAST_MS))
    assert len(quotes) == CYCLES
    first = events()[0][0].data
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
    equal = run(monkeypatch, record_url)
    assert equal.exit_code == 0, equal.output
    assert f"{2 * CYCLES} equal" in equal.output
    one = run(monkeypatch, record_url, "--contender", "qwen", "--from", str(LAST_MS))
    assert "1 equal" in one.output
    with psycopg.connect(record_url) as connection:
        connection.execute("DELETE FROM record_blobs WHERE hash IN (SELECT hash FROM record_blobs LIMIT 1)")
    missing = run(monkeypatch, record_url)
    assert "incomplete" in missing.output


def test_what_cannot_be_replayed_is_refused_by_name(record_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for message, arguments in {
        "there are: deepseek, qwen": ("--contender", "another"),
        "--from: 'yesterday' is no time": ("--from", "yesterday"),
        "no decision is recorded within these times": ("--from", "2001-01-01", "--to", "2001-01-02T12:00"),
        "--samples compares two strategies": ("--samples", "3"),
        "--strategy: no-such-strategy can't be read": ("--strategy", "no-such-strategy"),
        "--mode: 'no-such-mode' is none of baseline": ("--mode", "no-such-mode"),
        "DEEPSEEK_API_KEY: not set": ("--live", "--contender", "deepseek"),
        f"--to: '{10**20}' is no time": ("--to", str(10**20)),
        "--from: '0001-01-01' is no time": ("--from", "0001-01-01"),
        "'NaN' is no sum of money": ("--cap-usd", "NaN"),
        "'five' is no sum of money": ("--cap-usd", "five"),
        "'-1' is no sum of money": ("--cap-usd", "-1"),
        "can't be written": ("--mode", "preservation", "--out", __file__),
    }.items():
        done = run(monkeypatch, record_url, *arguments)
        assert done.exit_code == 2, arguments
        assert message in done.output


@pytest.mark.parametrize("arguments", [(), ("--mode", "preservation", "--out", "/tmp/unused")])
def test_a_damaged_link_is_named_without_a_traceback(
    record_url: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    flipped = "UPDATE record_links SET record = set_bit(record, 70, 1 - get_bit(record, 70))"
    with psycopg.connect(record_url) as connection:
        connection.execute(f"{flipped} WHERE chain = 'qwen' AND sequence = 3".encode())
    done = run(monkeypatch, record_url, "--contender", "qwen", *arguments)
    assert done.exit_code == 2
    assert "the record is damaged: qwen link 3 can't be read" in done.output


def test_the_stand_in_is_asked_with_another_strategy_and_reported(
    record_url: str, monkeypatch: pytest.MonkeyPatch, shared_simulator: ForkedSimulator, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMULATOR_URL", shared_simulator.url)
    out = tmp_path / "run"
    arguments = ("--contender", "deepseek", "--strategy", "reversion-v2", "--out", str(out))
    done = run(monkeypatch, record_url, *arguments)
    assert done.exit_code == 0, done.output
    report = json.loads((out / "report.json").read_text())
    [contender] = report["contenders"]
    assert [arm["arm"] for arm in contender["arms"]] == ["recorded", "changed"]
    assert [arm["answers"] for arm in contender["arms"]] == [CYCLES, CYCLES]
    assert contender["conclusion"].startswith("Nothing can be concluded")
    assert all(pair["changed"]["prompt_lines"] > 0 for pair in contender["pairs"])
    assert {pair["changed"]["outcome"] for pair in contender["pairs"]} == {"answered"}
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "http" not in page.replace("http-equiv", "").replace(shared_simulator.url, "")
    journal = (out / "journal.jsonl").read_bytes()
    again = run(monkeypatch, record_url, *arguments)
    assert again.exit_code == 0, again.output
    assert (out / "journal.jsonl").read_bytes() == journal
    other = run(monkeypatch, record_url, *arguments, "--mode", "preservation")
    assert other.exit_code == 2
    assert "holds another run: mode was None in it" in other.output


def test_two_strategies_are_compared_with_controls(
    record_url: str, monkeypatch: pytest.MonkeyPatch, shared_simulator: ForkedSimulator, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMULATOR_URL", shared_simulator.url)
    arguments = ("--mode", "preservation", "--samples", "2", "--out", str(tmp_path), "--to", str(START_MS + 600_000))
    done = run(monkeypatch, record_url, *arguments)
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "report.json").read_text())
    for contender in report["contenders"]:
        arms = {arm["arm"]: arm for arm in contender["arms"]}
        assert list(arms) == ["baseline", "changed", "a/a", "placebo"]
        assert {arm["answers"] for arm in arms.values()} == {20}
        assert arms["a/a"]["agreement"] == 1.0


class BillingServer:
    """An OpenAI-compatible server that counts requests, and notes what PostgreSQL sees of the run meanwhile."""

    def __init__(self, database_url: str, status: int) -> None:
        self._url, self._status = database_url, status
        self.requests = 0
        self.open_transactions = 0
        self.app = Starlette(routes=[Route("/chat/completions", self.complete, methods=["POST"])])

    async def complete(self, request: Request) -> JSONResponse:
        self.requests += 1
        query = b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            [(count,)] = await (await connection.execute(query)).fetchall()
        self.open_transactions += count
        return JSONResponse(completion() if self._status == 200 else {"error": {"message": "busy"}}, self._status)


def run_live(monkeypatch: pytest.MonkeyPatch, server: BillingServer, url: str, *arguments: str) -> Result:
    """Runs the command against that server as if it were DeepSeek, at a price of 1 USD per thousand output tokens."""
    monkeypatch.setenv("DEEPSEEK_API_KEY", "k")
    with serving_beside(server.app) as base_url:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", base_url)
        return run(monkeypatch, url, "--contender", "deepseek", "--live", "--parallel", "1", "--yes", *arguments)


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A roster in which even a local DeepSeek costs 1 USD per thousand tokens of output."""
    text = files("common.runtime").joinpath("arena.toml").read_text(encoding="utf-8")
    row = 'id = "deepseek"\n'
    assert text.count(row) == 1
    path = tmp_path / "arena.toml"
    path.write_text(text.replace(row, f"{row}price_usd = [0, 0, 1000]\nmax_answer_tokens = 1000\n"), encoding="utf-8")
    monkeypatch.setenv("ARENA_FILE", str(path))


@pytest.mark.usefixtures("priced")
def test_calls_that_failed_count_against_the_cap_also_after_a_restart(
    record_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DECISION_DEADLINE_S", "600")
    server = BillingServer(record_url, 503)
    out = ("--out", str(tmp_path / "run"), "--cap-usd", "3.5")
    for _ in range(2):
        done = run_live(monkeypatch, server, record_url, *out)
        assert done.exit_code == 1, done.output
        assert "spending limit is reached" in done.output
    assert server.requests == 3, "each may be billed 1 USD"
    assert server.open_transactions == 0


def test_a_run_goes_on_where_its_model_failed(
    record_url: str, monkeypatch: pytest.MonkeyPatch, shared_simulator: ForkedSimulator, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMULATOR_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DECISION_DEADLINE_S", "1")
    arguments = ("--contender", "qwen", "--mode", "preservation", "--out", str(tmp_path), "--parallel", "20")
    failed = run(monkeypatch, record_url, *arguments)
    assert failed.exit_code == 1
    assert "The same command goes on from here" in failed.output
    monkeypatch.setenv("SIMULATOR_URL", shared_simulator.url)
    monkeypatch.delenv("DECISION_DEADLINE_S")
    done = run(monkeypatch, record_url, *arguments)
    assert done.exit_code == 0, done.output
    [contender] = json.loads((tmp_path / "report.json").read_text())["contenders"]
    assert contender["cycles"] == CYCLES
