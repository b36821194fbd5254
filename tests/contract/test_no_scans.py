"""A year's worth of rows: no query of the gateway, and none for a model's memory, scans a table."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from common.runtime.database import Pool, migrate, open_pool
from gateway.http.parameters import parse_cursor
from gateway.rest.export.csv_file import csv_pages
from gateway.rest.export.tables import EXPORTS
from gateway.storage.cycles import CycleQueries
from gateway.storage.queries import Queries, Row
from recorder.projections.agent_memory import write_memory

DECISIONS = 1_000_000
FILL = f"""
    CREATE FUNCTION model_of(n int) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN CASE n % 2 WHEN 0 THEN 'qwen' ELSE 'deepseek' END;
    INSERT INTO ai_decisions (id, model, cycle_id, time_ms, outcome, action, symbol, confidence, reasoning,
        provider_model, stand_in, attempts, latency_ms, prompt_hash, recorded_ms)
    SELECT 'd' || n, model_of(n), 'c' || n / 2, n * 30000::bigint, 'answered',
        'HOLD', 'BTC', 70, 'waits', 'm', true, 1, 500, 'u', n * 30000::bigint FROM generate_series(1, {DECISIONS}) n;
    INSERT INTO verdicts (id, model, decision_id, cycle_id, intent_kind, verdict, symbol, rules, time_ms)
    SELECT 'v' || n, model_of(n / 50), 'd' || n, 'c' || n / 2, 'entry', 'APPROVED', 'BTC',
        '[]', n * 30000::bigint + 5 FROM generate_series(50, {DECISIONS}, 50) n;
    INSERT INTO fills (id, model, symbol, trade_id, order_id, intent_id, role, side, price, size, fee, closed_pnl,
        start_position, direction, crossed, is_liquidation, time_ms)
    SELECT 'f' || n, model_of(n / 50), 'BTC', n, n, 'v' || n, 'entry', 'BUY', 1, 1, 0, 0,
        0, '', true, false, n * 30000::bigint + 9 FROM generate_series(50, {DECISIONS}, 50) n;
    INSERT INTO orders (client_order_id, model, intent_id, symbol, role, status, status_rank, time_ms)
    SELECT 'o' || n, 'qwen', 'v' || n, 'BTC', 'entry', 'filled', 2, n FROM generate_series(50, {DECISIONS}, 50) n;
    INSERT INTO trades (id, model, symbol, side, entry_price, position_size, entry_ms, fees, status, entry_notional,
        closed_pnl, decision_id, created_at)
    SELECT 't' || n, model_of(n / 50), 'BTC', 'LONG', 1, 1, n * 30000::bigint, 0, 'OPEN', 1,
        0, 'd' || n, now() FROM generate_series(50, {DECISIONS}, 50) n;
    INSERT INTO account_snapshots (model, time_ms, equity, balance, available_balance, margin_used, unrealized_pnl,
        margin_ratio, cause, transfers, growth, peak_growth)
    SELECT m, n * 300000::bigint, 10000 + n % 97, 1, 1, 0, 0, 0, 'interval', 0, 1, 1.0096
    FROM generate_series(1, 105000) n, (VALUES ('qwen'), ('deepseek')) models (m);
    INSERT INTO equity_hours
    SELECT m, n * 3600000::bigint, 10000, n * 3600000::bigint, 10096, n * 3600000::bigint + 300000, 10050,
        n * 3600000::bigint + 3300000, 0, 0.01, n * 3600000::bigint, 1
    FROM generate_series(1, 8700) n, (VALUES ('qwen'), ('deepseek')) models (m);
    INSERT INTO market_prices SELECT n * 300000::bigint, s, n * 300000::bigint, 100
    FROM generate_series(1, 105000) n, (VALUES ('BTC'), ('ETH')) coins (s);
    INSERT INTO benchmark_base VALUES ('BTC', 300000, 100), ('ETH', 300000, 100);
    INSERT INTO benchmarks (name, growth, time_ms) VALUES ('btc_hold', 1, 31500000000);
    INSERT INTO alerts SELECT 'a' || n, 'X', 'info', 's', NULL, 'm', '{{}}', n FROM generate_series(1, 50000) n;
    INSERT INTO market_snapshots SELECT 'c' || n, n, '{{}}' FROM generate_series(1, 50000) n;
    INSERT INTO accounts (model, address, start_balance, equity, balance, available_balance, margin_used,
        maintenance_margin, unrealized_pnl, total_notional, margin_ratio, time_ms, start_ms)
    SELECT m, '0x', 10000, 10000, 1, 1, 0, 0, 0, 0, 0, 1, 1 FROM (VALUES ('qwen'), ('deepseek')) models (m);
    ANALYZE;
"""
BIG = (
    "ai_decisions",
    "verdicts",
    "fills",
    "orders",
    "trades",
    "account_snapshots",
    "market_prices",
    "alerts",
    "market_snapshots",
)
"""Not equity_hours: one row an hour, of which a chart of the whole time needs every one of its model."""


class ExplainedQueries(Queries):
    """Runs each query, and collects the tables that its plan scans."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.scanned: list[str] = []
        self.queries = 0

    async def rows(self, query: str, parameters: Any = ()) -> list[Row]:
        self.queries += 1
        for row in await super().rows(f"EXPLAIN {query}", parameters):
            line = row["QUERY PLAN"]
            self.scanned += [f"{table}: {query}" for table in BIG if f"Seq Scan on {table} " in line]
        return await super().rows(query, parameters)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """One connection, so that its own counters can be flushed at once."""
    pool = await open_pool(database_url, max_size=1)
    await migrate(pool, "recorder")
    async with pool.connection() as connection:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(FILL.encode())
    yield pool
    await pool.close()


async def scans(pool: Pool) -> dict[str, int]:
    """How often each table has been scanned so far."""
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)", (list(BIG),)
        )
        return dict(await cursor.fetchall())


async def test_no_query_scans_a_table(pool: Pool, redis_url: str) -> None:
    queries, before = ExplainedQueries(pool), await scans(pool)
    for model in (None, "qwen"):
        _, following = await queries.decisions({"model": model}, None, 50, None)
        assert following is not None
        rows, _ = await queries.decisions({"model": model}, None, 50, parse_cursor({"before": following}))
        assert len(rows) == 50
        for symbol in (None, "BTC"):
            rows, following = await queries.trades(model, symbol, 50, None)
            assert following is not None
            await queries.trades(model, symbol, 50, parse_cursor({"before": following}))
        assert len(await queries.positions([model] if model else ("deepseek", "qwen"))) == 0
        for name, export in EXPORTS.items():
            text = await anext(csv_pages(export, model, queries))
            assert len(text.splitlines()) > (0 if name == "funding" else 20), name
    for filters in ({"action": "HOLD"}, {"action": "LONG"}, {"symbol": "ETH"}, {"verdict": "DENIED"}):
        await queries.decisions(filters, DECISIONS * 15_000, 50, None)
    cycle = await CycleQueries(queries).cycle("c400050")
    assert cycle is not None
    assert len(cycle["decisions"]) == 2
    await CycleQueries(queries).scores()
    detail = await queries.decision("c400050", "qwen")
    assert detail is not None
    assert detail["previous_prompt"] is not None
    assert detail["trade"] is not None
    for since_ms, buckets in ((0, 250), (105_000 * 300_000 - 72 * 3_600_000, 250)):
        assert len((await queries.equity("qwen", since_ms, buckets))["points"]) > 250
        assert len(await queries.drawdown("qwen", since_ms, buckets)) > 100
        assert len((await queries.benchmark_series("10000", since_ms, buckets))[0]["points"]) > 100
    await queries.latest_provider_models()
    await queries.latencies(500)
    await queries.alerts(50)
    await queries.fills(50)
    await queries.leaderboard()
    await queries.accounts()
    await queries.benchmarks()
    await queries.model_statistics("qwen")
    async with pool.connection() as connection, Redis.from_url(redis_url) as redis:
        await write_memory(connection, redis, "qwen", ("qwen",))
        assert b'"answers":[{' in (await redis.get("memory:qwen") or b"")
    assert queries.queries > 30
    assert queries.scanned == []
    assert await scans(pool) == before
    await queries.rows("SELECT count(*) FROM ai_decisions WHERE reasoning = 'x'")
    assert queries.scanned, "the test does not notice a scan"
    assert await scans(pool) != before
