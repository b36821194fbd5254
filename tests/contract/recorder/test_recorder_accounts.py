"""The latest account state replaces the one before; equity is recorded at intervals, changes and new lows."""

from decimal import Decimal
from typing import Any

from recorder_examples import state

from common.events import AccountPosition
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.orders import Side
from recorder.handlers import Recorder
from recorder.storage.statements import Row, select

D = Decimal
INTERVAL_MS = 300_000


def position(size: str, **changes: Any) -> AccountPosition:
    fields = {
        "symbol": Symbol.ETH,
        "side": Side.LONG,
        "size_coin": D(size),
        "entry_price": D(3_000),
        "mark_price": D(3_010),
        "leverage": 5,
        "is_isolated": True,
        "notional_usd": D(size) * 3_010,
        "unrealized_pnl_usd": D(size) * 10,
        "margin_used_usd": D(size) * 602,
        "liquidation_price": None,
        "funding_since_open_usd": D(0),
        "stop_loss_price": None,
        "take_profit_price": None,
        "protected": False,
        "intent_id": None,
        "cycle_id": None,
        "opened_ms": 5,
    }
    return AccountPosition(**fields | changes)


async def read(pool: Pool, query: str) -> list[Row]:
    async with pool.connection() as connection:
        return await select(connection, query)


async def causes(pool: Pool) -> list[tuple[int, str]]:
    rows = await read(pool, "SELECT time_ms, cause FROM account_snapshots ORDER BY time_ms")
    return [(row["time_ms"], row["cause"]) for row in rows]


async def test_equity_is_recorded_once_an_interval(recorder: Recorder, pool: Pool) -> None:
    times = (0, 1_000, INTERVAL_MS - 1, INTERVAL_MS, INTERVAL_MS + 1, 4 * INTERVAL_MS + 5)
    await recorder.store([state("qwen", time_ms, D(10_000)) for time_ms in times], 1)
    assert await causes(pool) == [(0, "interval"), (INTERVAL_MS, "interval"), (4 * INTERVAL_MS + 5, "interval")]


async def test_a_changed_size_and_a_new_low_are_recorded(recorder: Recorder, pool: Pool) -> None:
    moves = [
        state("qwen", 0, D(10_000)),
        state("qwen", 1, D(10_000), positions=(position("1"),)),
        state("qwen", 2, D(10_000), positions=(position("1", mark_price=D(3_020)),)),
        state("qwen", 3, D(9_990), positions=(position("1"),)),
        state("qwen", 4, D(9_995), positions=(position("1"),)),
        state("qwen", 5, D(9_995)),
    ]
    await recorder.store(moves, 1)
    assert await causes(pool) == [(0, "interval"), (1, "change"), (3, "drawdown"), (5, "change")]


async def test_a_closed_position_has_no_row(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", 1, D(10_000), positions=(position("1"),))], 1)
    assert [row["position_size"] for row in await read(pool, "SELECT position_size FROM positions")] == [1]
    await recorder.store([state("qwen", 2, D(10_000))], 1)
    assert await read(pool, "SELECT * FROM positions") == []


async def test_an_older_state_changes_nothing(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", 9, D(10_000), positions=(position("1"),))], 1)
    tables = ("accounts", "positions", "account_snapshots")
    before = [await read(pool, f"SELECT * FROM {table}") for table in tables]
    await recorder.store([state("qwen", 8, D(5_000))], 1)
    assert [await read(pool, f"SELECT * FROM {table}") for table in tables] == before


async def test_a_market_that_lies_earlier_changes_the_account(recorder: Recorder, pool: Pool) -> None:
    synthetic = state("qwen", 900_000_000, D(10_000), positions=(position("1"),))
    captured = state("qwen", 600_000, D(9_000))
    captured = captured.model_copy(update={"data": captured.data.model_copy(update={"received_ms": 900_000_001})})
    await recorder.store([synthetic], 1)
    await recorder.store([captured], 1)
    assert [row["equity"] for row in await read(pool, "SELECT equity FROM accounts")] == [9_000]
    assert await read(pool, "SELECT * FROM positions") == []
    assert await causes(pool) == [(600_000, "change"), (900_000_000, "change")]
