"""How long the exact replay of a month takes: cycles of two contenders, a minute apart, from a real PostgreSQL.

Run: make bench NAME=decision_replay ARGS="--cycles 1440". The recorder stores that many cycles first, an hour of them
in a transaction; a month has 43,200. Then `aicoin replay` without options runs over them, on all processes it uses.
Printed is the time for a month at that rate, and how much of the limit of ten minutes that is. Fails when a decision
differs.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parents[1] / "tests"))

import psycopg
import structlog
from redis.asyncio import Redis

from aicoin_local.stores import Throwaway, free_port, postgres_store, redis_store, wait_for_postgres, wait_for_redis
from common.runtime.database import migrate, open_pool
from recorder.handlers import Recorder
from replay.runs.exact import Replayed
from replay.runs.exact_run import run_exactly
from replay.storage.cycles import Span, read_span
from support.replay_cycles import Agent, recorded_cycles

MONTH_CYCLES = 43_200
BATCH_CYCLES = 60
LIMIT_S = 600.0
START_LIMIT_S = 60.0
AGENTS = (Agent(), Agent("qwen", "reversion-v2"))
MODELS = ("deepseek", "qwen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1_440)
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        postgres = postgres_store(Path(folder) / "postgres", free_port())
        redis = redis_store(Path(folder) / "redis", free_port())
        servers = [Throwaway(store, Path(folder) / f"{store.name}.log") for store in (postgres, redis)]
        try:
            wait_for_postgres(postgres.url, START_LIMIT_S)
            wait_for_redis(redis.url, START_LIMIT_S)
            stored_s = _store(postgres.url, redis.url, arguments.cycles)
            replayed_s = _replay(postgres.url, arguments.cycles)
        finally:
            for server in servers:
                server.stop()
    month_s = replayed_s / arguments.cycles * MONTH_CYCLES
    print(f"made and stored {arguments.cycles} cycles of {len(AGENTS)} contenders in {stored_s:.0f} s")
    print(
        f"replayed them in {replayed_s:.1f} s: {replayed_s / arguments.cycles / len(AGENTS) * 1000:.2f} ms a decision"
    )
    print(f"a month ({MONTH_CYCLES} cycles): {month_s:.0f} s, {month_s / LIMIT_S:.2f} of the limit of {LIMIT_S:.0f} s")
    if arguments.json:
        figures = {"cycles": arguments.cycles, "replayed_s": replayed_s, "month_s": month_s}
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def _store(database_url: str, redis_url: str, cycles: int) -> float:
    """Seconds in all. A month does not fit into memory, so each batch is made when the one before is stored."""
    begin, generated = time.perf_counter(), recorded_cycles(cycles, AGENTS)

    async def store() -> None:
        pool = await open_pool(database_url)
        await migrate(pool, "recorder")
        async with Redis.from_url(redis_url) as client:
            recorder = Recorder(pool, client, snapshot_interval_s=300)
            # Decisions are made on a loop of their own, which can't run inside another one.
            while batch := await asyncio.to_thread(lambda: list(islice(generated, BATCH_CYCLES))):
                events = [event for snapshot, decisions in batch for event in (snapshot, *decisions)]
                await recorder.store(events, events[-1].recorded_ms)
        await pool.close()

    asyncio.run(store())
    return time.perf_counter() - begin


def _replay(database_url: str, cycles: int) -> float:
    """Seconds. Those of processor time can't be read: the processes that replay are no children of this one."""

    async def span() -> Span | None:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            return await read_span(connection, MODELS, None, None)

    found = asyncio.run(span())
    assert found is not None
    begin = time.perf_counter()
    report = run_exactly(database_url, MODELS, found, lambda _: None)
    seconds = time.perf_counter() - begin
    assert report.counts[Replayed.EQUAL.value] == cycles * len(MODELS), report
    return seconds


if __name__ == "__main__":
    main()
