"""A position that the exchange liquidates: its real price, fee and funding in the events and the recorder's tables."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ExecutorHarness, stepped_harness
from recorded_cycles import CONTENDERS
from redis.asyncio import Redis

from common.events import Event
from common.runtime.database import migrate, open_pool
from common.trading.durations import HOUR_MS
from common.trading.orders import Side
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from support.executor_process import address_of

CENT = Decimal("0.01")
PUBLISHED = ("risk.approved", "order.accepted", "order.rejected", "order.cancelled", "order.filled", "account.ledger")


@pytest.fixture
async def harness(tmp_path: Path, redis_url: str, database_url: str) -> AsyncIterator[ExecutorHarness]:
    """Its exchange's time moves by hand, so that funding is paid when the test wants it."""
    async with stepped_harness(tmp_path, redis_url, database_url) as harness:
        yield harness


async def recorded(harness: ExecutorHarness, events: list[Event[Any]]) -> tuple[list[Any], list[Any], list[Event[Any]]]:
    """(trades, books, alerts) that the recorder makes of events."""
    pool = await open_pool(harness.database_url)
    redis = Redis.from_url(harness.redis_url)
    try:
        await migrate(pool, "recorder")
        recorder = Recorder(pool, redis, snapshot_interval_s=300, contenders=CONTENDERS)
        given = await recorder.store(events, 1)
        queries = Queries(pool)
        trades = await queries.rows("SELECT * FROM api_trades")
        books = await queries.rows("SELECT * FROM pnl_reconciliations WHERE model = 'deepseek'")
        return trades, books, [event for event in given if event.type == "system.alert"]
    finally:
        await redis.aclose()
        await pool.close()


async def test_a_liquidation_is_a_trade_at_its_real_price(harness: ExecutorHarness) -> None:
    simulator, me = harness.simulator, address_of("deepseek")
    simulator.panel("step", count=4, ms=250)
    entry = harness.approve(Side.LONG, "2", leverage=20)
    await harness.send(entry)
    await harness.ended(entry)
    held = await harness.protected()
    now_ms: Any = simulator.panel("step", count=1, ms=250)["time_ms"]
    simulator.panel("step", count=1, ms=HOUR_MS - now_ms % HOUR_MS + 1000)
    fundings: Any = simulator.info(type="userFunding", user=me, startTime=0)
    funding = sum(Decimal(row["delta"]["usdc"]) for row in fundings)
    assert funding != 0
    # At 20x it is sold into the book between 3.06 and 3.72 % below its entry; the stop lies 5 % below.
    target = held.entry_price * Decimal("0.966")
    assert held.liquidation_price > target > held.stop_loss_price
    percent = (target / harness.mark() - 1) * 100
    simulator.panel("jump", coin="ETH", percent=float(percent))
    simulator.panel("step", count=8, ms=250)
    account = await harness.flat()

    async def published() -> list[Any]:
        fills = [event.data for event in await harness.events("order.filled")]
        return fills if len(fills) == len(harness.fills()) else []

    fills = await harness.until("every fill", published)
    real = {row["tid"]: row for row in harness.fills()}
    closing = [fill for fill in fills if fill.is_liquidation]
    assert sum(fill.size_coin for fill in closing) == Decimal(2)
    for fill in closing:
        row = real[fill.trade_id]
        assert (row["liquidation"]["liquidatedUser"], row["liquidation"]["method"]) == (me, "market")
        assert (fill.price, fill.fee_usd) == (Decimal(row["px"]), Decimal(row["fee"]))
        assert fill.price > held.stop_loss_price
    sums = account.sums
    fees = sum(Decimal(row["fee"]) for row in real.values())
    pnl = sum(Decimal(row["closedPnl"]) for row in real.values())
    assert (sums.fees_usd, sums.closed_pnl_usd, sums.funding_usd) == (fees, pnl, funding)
    assert abs(account.balance_usd - sums.start_cash_usd - pnl + fees - funding - sums.transfers_usd) < CENT

    events = [event for kind in PUBLISHED for event in await harness.events(kind)]
    state = [event for event in await harness.events("account.updated") if event.data.model == "deepseek"][-1]
    trades, books, alerts = await recorded(harness, [*events, state])
    [trade] = trades
    average = sum(fill.price * fill.size_coin for fill in closing) / 2
    assert (trade["status"], trade["close_reason"]) == ("LIQUIDATED", "liquidation")
    assert abs(Decimal(trade["exit_price"]) - average) < CENT
    assert (Decimal(trade["fees"]), Decimal(trade["funding"])) == (fees, -funding)
    assert abs(Decimal(trade["pnl"]) - (pnl - fees + funding)) < CENT
    [book] = books
    assert abs(book["residual"]) < CENT
    assert alerts == []


async def taken_by_the_backstop(harness: ExecutorHarness, leverage: int = 20) -> Decimal:
    """Has the account's position taken 4.3 % below its entry, before its stop, 5 % below; what it was worth then.

    At 20x some margin is left then, at 25x less than nothing.
    """
    harness.simulator.panel("step", count=4, ms=250)
    entry = harness.approve(Side.LONG, "2", leverage=leverage)
    await harness.send(entry)
    await harness.ended(entry)
    held = await harness.protected()
    target = held.entry_price * Decimal("0.957")
    assert target > held.stop_loss_price
    harness.simulator.panel("jump", coin="ETH", percent=float((target / harness.mark() - 1) * 100))
    harness.simulator.panel("step", count=2, ms=250)
    await harness.flat()
    closing = [row for row in harness.fills() if row.get("liquidation")]
    assert {row["liquidation"]["method"] for row in closing} == {"backstop"}
    rows: Any = harness.simulator.info(type="userNonFundingLedgerUpdates", user=address_of("deepseek"), startTime=0)
    [worth] = [Decimal(row["delta"]["accountValue"]) for row in rows if row["delta"]["type"] == "liquidation"]
    assert abs(worth) > 1
    return worth


async def explained(harness: ExecutorHarness) -> Any:
    """The account, once its sums explain its cash."""

    async def look() -> Any:
        account = await harness.account()
        sums = account.sums
        if sums is None:
            return None
        moved = sums.closed_pnl_usd - sums.fees_usd + sums.funding_usd + sums.transfers_usd
        return account if abs(account.balance_usd - sums.start_cash_usd - moved) < CENT else None

    return await harness.until("sums that explain the cash", look)


async def test_the_margin_that_the_backstop_keeps_is_a_loss_of_the_account(harness: ExecutorHarness) -> None:
    kept = await taken_by_the_backstop(harness)
    account = await explained(harness)
    pnl = sum(Decimal(row["closedPnl"]) for row in harness.fills())
    assert account.sums.closed_pnl_usd == pnl - kept
    assert account.sums.transfers_usd == 0

    async def published() -> list[Any]:
        return [event for event in await harness.events("account.ledger") if event.data.kind == "liquidation"]

    [movement] = await harness.until("the margin kept", published)
    assert (movement.data.amount_usd, movement.data.reason, movement.data.coin) == (-kept, "backstop", "ETH")
    await harness.filled("4")
    events = [event for kind in PUBLISHED for event in await harness.events(kind)]
    state = [event for event in await harness.events("account.updated") if event.data.model == "deepseek"][-1]
    [trade], [book], alerts = await recorded(harness, [*events, movement, state])
    assert trade["status"] == "LIQUIDATED"
    assert (book["other"], alerts) == (-kept, [])
    assert abs(book["residual"]) < CENT


@pytest.mark.parametrize("deleveraged", ["0", "0.5", "2"])
async def test_a_deficit_that_the_exchange_bears_is_explained(harness: ExecutorHarness, deleveraged: str) -> None:
    harness.simulator.panel("step", count=4, ms=250)
    if Decimal(deleveraged):
        with harness.by_hand("qwen") as exchange:
            answer: Any = exchange.market_open("ETH", False, float(deleveraged))
        assert answer["status"] == "ok"
    worth = await taken_by_the_backstop(harness, leverage=25)
    assert worth < 0
    harness.simulator.fund(address_of("deepseek"), "40")

    async def paid_in() -> Any:
        account = await explained(harness)
        return account if account.sums and account.sums.transfers_usd == 40 else None

    account = await harness.until("the deposit of later", paid_in)
    pnl = sum(Decimal(row["closedPnl"]) for row in harness.fills())
    borne = -worth * (2 - Decimal(deleveraged)) / 2
    assert abs(account.sums.closed_pnl_usd - pnl - borne) < CENT
    expected = ["liquidation"] * (borne > 0) + ["transfer"]

    async def published() -> Any:
        movements = [event.data for event in await harness.events("account.ledger") if event.data.kind != "funding"]
        return movements if sorted(movement.kind for movement in movements) == expected else None

    movements = await harness.until(f"{expected}, no more and no less", published)
    assert all(movement.amount_usd > 0 for movement in movements)


@pytest.mark.parametrize(
    ("late", "leverage"), [('"type":"liquidation"', 20), ('"liquidation":{', 25)], ids=["its row", "its fill"]
)
async def test_a_liquidation_completed_late_is_entered_once(harness: ExecutorHarness, late: str, leverage: int) -> None:
    harness.proxy.renamed = (late.encode(), late.replace("liquidation", "liquidatio_").encode())
    kept = await taken_by_the_backstop(harness, leverage)

    async def summed_up() -> Any:
        account = await harness.account()
        return account if account.sums is not None else None

    before = (await harness.until("the sums", summed_up)).sums
    harness.simulator.panel("step", count=1, ms=30_000)
    harness.simulator.fund(address_of("deepseek"), "40")

    async def paid_in() -> Any:
        account = await summed_up()
        return account if account and account.sums and account.sums.transfers_usd == 40 else None

    account = await harness.until("the deposit of later", paid_in)
    assert account.sums.closed_pnl_usd == before.closed_pnl_usd
    for _ in range(2):
        harness.executor.kill()
        harness.proxy.renamed = None
        harness.executor.start()
        account = await explained(harness)
        assert account.sums.closed_pnl_usd == before.closed_pnl_usd - kept
    amounts = [event.data.amount_usd for event in await harness.events("account.ledger")]
    assert sorted(amounts) == sorted([-kept, Decimal(40)])
