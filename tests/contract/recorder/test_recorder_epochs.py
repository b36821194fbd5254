"""Rows belong to an account of an environment: another one begins its own history, and the earlier one comes back."""

from decimal import Decimal

from recorder_examples import approved, decided, filled, snapshot, state
from redis.asyncio import Redis

from common.events import AccountUpdated, Event, MarketSnapshot
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from recorder.storage.epochs import TABLES
from recorder.storage.statements import select

D = Decimal
OTHER = "0x" + "b" * 40


def of_account(event: Event[AccountUpdated], environment: str, address: str) -> Event[AccountUpdated]:
    data = event.data.model_copy(update={"environment": environment, "address": address})
    return event.model_copy(update={"data": data})


def on_paper(time_ms: int, equity: int) -> Event[AccountUpdated]:
    return of_account(state("qwen", time_ms, D(equity)), "paper", "0xA")


def on_testnet(time_ms: int, equity: int) -> Event[AccountUpdated]:
    return of_account(state("qwen", time_ms, D(equity)), "testnet", OTHER)


async def leaderboard(pool: Pool) -> dict[str, tuple[str, int]]:
    """By model: return in percent, and ended trades."""
    return {row["model"]: (row["return_percent"], row["trades"]) for row in await Queries(pool).leaderboard()}


def a_round_trip(cycle: str, time_ms: int) -> list[Event[object]]:
    decision = decided("qwen", cycle, time_ms)
    intent = approved(decision)
    fills = [
        filled("qwen", Symbol.BTC, time_ms, time_ms + 5, D(1), D(100), D(0), intent=intent),
        filled("qwen", Symbol.BTC, time_ms + 1, time_ms + 9, D(-1), D(110), D(1), closed_pnl=D(10), intent=intent),
    ]
    return [decision, intent, *fills]


async def test_another_account_begins_its_own_history(recorder: Recorder, pool: Pool, redis: Redis) -> None:
    await recorder.store([on_paper(1_000, 10_000), *a_round_trip("c1", 2_000), on_paper(3_000, 9_000)], 1)
    assert await leaderboard(pool) == {"qwen": ("-10", 1)}
    late_fill = filled("qwen", Symbol.ETH, 7, 3_500, D(1), D(100), D(0))
    await recorder.store([on_testnet(400_000, 500), late_fill, *a_round_trip("c2", 500_000)], 2)
    await recorder.store([on_testnet(700_000, 505)], 3)
    assert await leaderboard(pool) == {"qwen": ("1", 1)}
    trades, _ = await Queries(pool).trades(None, None, 10, None)
    assert [(trade["cycle_id"], trade["symbol"]) for trade in trades] == [("c2", "BTC")]
    decisions, _ = await Queries(pool).decisions({}, None, 10, None)
    assert [decision["cycle_id"] for decision in decisions] == ["c2"]
    assert (await Queries(pool).equity("qwen", 0, 100))["points"] == [[400_000, "500"], [700_000, "505"]]
    assert b'"growth_equity_usd":"500"' in (await redis.get("memory:qwen") or b"")
    await recorder.store([on_paper(900_000, 9_100)], 4)
    assert await leaderboard(pool) == {"qwen": ("-9", 1)}
    trades, _ = await Queries(pool).trades(None, None, 10, None)
    assert [trade["symbol"] for trade in trades] == ["ETH", "BTC"]


async def test_a_state_of_an_epoch_that_is_over_changes_nothing(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([on_paper(1_000, 10_000)], 1)
    await recorder.store([on_testnet(2_000, 500)], 1)
    await recorder.store([on_paper(1_500, 9_000)], 1)
    assert await leaderboard(pool) == {"qwen": ("0", 0)}
    [account] = await Queries(pool).accounts()
    assert (account["address"], account["equity"]) == (OTHER, "500")


async def test_rows_of_an_earlier_version_stay_with_their_address(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", 1_000, D(10_000)), *a_round_trip("c1", 2_000)], 1)
    same = of_account(state("qwen", 3_000, D(9_900)), "paper", "0xQWEN")
    await recorder.store([same], 1)
    assert await leaderboard(pool) == {"qwen": ("-1", 1)}


async def test_rows_of_an_earlier_version_leave_with_their_address(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", 1_000, D(10_000)), *a_round_trip("c1", 2_000)], 1)
    await recorder.store([on_testnet(3_000, 500)], 1)
    assert await leaderboard(pool) == {"qwen": ("0", 0)}


async def test_every_table_with_a_model_has_epochs(pool: Pool, recorder: Recorder) -> None:
    async with pool.connection() as connection:
        rows = await select(
            connection,
            """SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_name)
            WHERE c.table_schema = 'public' AND c.column_name = 'model' AND t.table_type = 'BASE TABLE'
            AND NOT (SELECT relispartition FROM pg_class WHERE oid = c.table_name::regclass)""",
        )
    assert {row["table_name"] for row in rows} == set(TABLES)


async def test_benchmarks_begin_with_the_account_that_is_traded(recorder: Recorder, pool: Pool) -> None:
    def at(time_ms: int, btc: int, eth: int) -> Event[MarketSnapshot]:
        return snapshot(f"c{time_ms}", time_ms, {Symbol.BTC: D(btc), Symbol.ETH: D(eth)})

    queries = Queries(pool)
    await recorder.store([on_paper(600_000, 10_000), at(600_001, 100, 10), at(1_200_000, 150, 15)], 1)
    await recorder.store([at(990_000_000, 999, 99)], 1)
    testnet = on_testnet(3_000_000, 500)
    testnet = testnet.model_copy(update={"recorded_ms": 990_000_001})
    first, later = at(3_000_001, 200, 20), at(3_600_000, 220, 20)
    await recorder.store([testnet, first.model_copy(update={"recorded_ms": 990_000_002})], 1)
    await recorder.store([later.model_copy(update={"recorded_ms": 990_000_003})], 1)
    assert [row["return_percent"] for row in await queries.benchmarks()] == ["10", "5"]
    btc, _ = await queries.benchmark_series("500", 0, 100)
    assert btc["points"] == [[3_000_001, "500"], [3_600_000, "550"]]


async def test_a_coin_that_left_keeps_its_last_price(recorder: Recorder, pool: Pool) -> None:
    queries = Queries(pool)
    both = snapshot("c1", 600_001, {Symbol.BTC: D(100), Symbol.ETH: D(10)})
    await recorder.store([on_paper(600_000, 10_000), both], 1)
    await recorder.store([snapshot("c2", 1_200_000, {Symbol.BTC: D(110)})], 1)
    assert [row["return_percent"] for row in await queries.benchmarks()] == ["10", "5"]
    _, equal = await queries.benchmark_series("10000", 0, 100)
    assert equal["points"] == [[600_001, "10000"], [1_200_000, "10500"]]
