"""The gauges that the tables answer, and the metrics of the statements themselves."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from prometheus_client import REGISTRY

from common.runtime.database import Pool
from recorder.monitoring.metrics import SIZED, TRADE_LOSS
from recorder.monitoring.table_gauges import TableGauges
from recorder.storage.statements import insert

ZERO = Decimal(0)


def value(name: str, **labels: str) -> Any:
    return REGISTRY.get_sample_value(name, labels)


def losses(model: str) -> tuple[float, float]:
    """(trades that closed, those of them that lost at most a tenth of the account)"""
    name = "aicoin_recorder_trade_loss_ratio"
    return value(f"{name}_count", model=model), value(f"{name}_bucket", model=model, le="0.1")


def account(model: str, equity: int) -> dict[str, Any]:
    amounts = dict.fromkeys(
        ("available_balance", "margin_used", "maintenance_margin", "unrealized_pnl", "total_notional", "margin_ratio"),
        ZERO,
    )
    times = {"time_ms": 1, "start_ms": 1}
    return (
        {"model": model, "address": "0x", "start_balance": 1_000, "equity": equity, "balance": equity} | amounts | times
    )


def trade(number: int, pnl: int, exit_ms: int) -> dict[str, Any]:
    amounts = {"entry_price": 1, "position_size": 1, "pnl": pnl, "fees": 0, "entry_notional": 1, "closed_pnl": pnl}
    kind = {"id": str(number), "model": "qwen", "symbol": "BTC", "side": "LONG", "status": "CLOSED"}
    created = datetime.fromtimestamp(1, UTC)
    return kind | amounts | {"entry_ms": exit_ms - 1, "exit_ms": exit_ms, "created_at": created}


async def test_each_trade_that_closes_is_counted_once_by_its_loss(pool: Pool) -> None:
    TRADE_LOSS.labels("qwen")
    look = TableGauges(SimpleNamespace(), pool, ["qwen"]).look  # type: ignore[arg-type]
    before = losses("qwen")
    async with pool.connection() as connection:
        await insert(connection, "accounts", [account("qwen", 900)])
        await insert(connection, "trades", [trade(1, -500, 10)])
        await look(connection, with_sizes=False)
        assert losses("qwen") == before, "closed before the first round"
        await insert(connection, "trades", [trade(2, -100, 20), trade(3, 50, 30), trade(4, -10, 30)])
        for _ in range(2):
            await look(connection, with_sizes=False)
    # The second lost a tenth of the 1,000 that the account held before, the fourth a hundredth.
    assert losses("qwen") == (before[0] + 3, before[1] + 3)
    async with pool.connection() as connection:
        await insert(connection, "trades", [trade(5, -200, 30)])
        await look(connection, with_sizes=False)
    assert losses("qwen") == (before[0] + 4, before[1] + 3)


async def test_sizes_of_all_tables_are_known(pool: Pool) -> None:
    async with pool.connection() as connection:
        await TableGauges(SimpleNamespace(), pool, ["qwen"]).look(connection, with_sizes=True)  # type: ignore[arg-type]
    assert value("aicoin_database_bytes") > 1_000_000
    own = [table for table in SIZED if table.startswith(("trades", "fills", "record_"))]
    assert len(own) >= 5
    assert all(value("aicoin_database_table_bytes", table=table) > 0 for table in own)


async def test_statements_are_counted_and_timed_refused_ones_too(pool: Pool) -> None:
    def counts() -> tuple[float, float, float]:
        queries = "aicoin_database_queries_total"
        seconds = value("aicoin_database_query_seconds_count")
        return value(queries, result="answered") or 0, value(queries, result="failed") or 0, seconds

    async with pool.connection() as connection:
        await connection.execute("SELECT 1")
        before = counts()
        await connection.execute("SELECT 1")
        try:
            await connection.execute("SELECT nothing FROM nowhere")
        except Exception:
            await connection.rollback()
        async with connection.cursor() as cursor:
            await cursor.executemany("SELECT %s", [(1,), (2,)])
    answered, failed, timed = (now - then for now, then in zip(counts(), before, strict=True))
    assert (answered, failed, timed) == (2, 1, 2)
