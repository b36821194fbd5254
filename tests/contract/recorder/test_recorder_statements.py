"""Statements leave stored rows as they are, or replace exactly what they are given."""

from itertools import permutations

from common.runtime.database import Pool
from recorder.domain.statuses import OrderStatus
from recorder.storage.statements import Row, insert, select, upsert, upsert_orders

MOVEMENT: Row = {"id": "m", "model": "qwen", "kind": "transfer", "amount": 1, "reason": "deposit", "time_ms": 1}


def order(status: OrderStatus, **more: object) -> Row:
    columns = ("intent_id", "cycle_id", "order_id", "side", "size", "price", "trigger_price", "reduce_only", "reason")
    identity = {"client_order_id": "0x1", "model": "qwen", "symbol": "BTC", "role": "entry", "time_ms": 1}
    return dict.fromkeys(columns) | identity | {"status": status.value, "status_rank": status.rank} | more


async def test_a_row_inserted_again_stays_as_it_is(pool: Pool) -> None:
    async with pool.connection() as connection:
        await insert(connection, "account_movements", [])
        await insert(connection, "account_movements", [MOVEMENT])
        await insert(connection, "account_movements", [MOVEMENT | {"amount": 2}, MOVEMENT | {"id": "other"}])
        rows = await select(connection, "SELECT id, amount FROM account_movements ORDER BY id")
    assert rows == [{"id": "m", "amount": 1}, {"id": "other", "amount": 1}]


async def test_an_upsert_writes_only_its_own_columns(pool: Pool) -> None:
    async with pool.connection() as connection:
        await upsert(connection, "model_statistics", "model", {"model": "qwen", "sharpe": 2, "decisions": 3})
        await upsert(connection, "model_statistics", "model", {"model": "qwen", "sharpe": None})
        rows = await select(connection, "SELECT sharpe, decisions FROM model_statistics WHERE model = %s", "qwen")
    assert rows == [{"sharpe": None, "decisions": 3}]


async def test_an_order_ends_the_same_in_any_order_of_its_events(pool: Pool) -> None:
    accepted = order(OrderStatus.ACCEPTED, order_id=7, side="BUY", size=2, price=100, reduce_only=False)
    events = [
        accepted,
        order(OrderStatus.FILLED, order_id=7),
        order(OrderStatus.CANCELED, order_id=7, reason="IOC_REMAINDER"),
    ]
    for arrival in permutations(events):
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE orders")
            for row in arrival:
                await upsert_orders(connection, [row])
            [stored] = await select(connection, "SELECT order_id, side, size, status, reason FROM orders")
        assert stored == {"order_id": 7, "side": "BUY", "size": 2, "status": "canceled", "reason": "IOC_REMAINDER"}


async def test_a_fill_disproves_a_rejection_in_either_order(pool: Pool) -> None:
    events = [order(OrderStatus.REJECTED, reason="Internal error"), order(OrderStatus.FILLED, order_id=7)]
    for arrival in permutations(events):
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE orders")
            for row in arrival:
                await upsert_orders(connection, [row])
            [stored] = await select(connection, "SELECT order_id, status, reason FROM orders")
        assert stored == {"order_id": 7, "status": "filled", "reason": None}
